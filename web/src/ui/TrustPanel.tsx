import type { Trust } from '../api.ts'
import { texts } from '../texts.ts'

/** TrustPanel shows what an answer rests on, and nothing if that is unknown. */
export function TrustPanel({ trust }: { trust: Trust }) {
  const rows = [
    [texts.source, [texts.sources[trust.source] ?? '']],
    [texts.confidence, trust.samples > 0 ? [texts.agreement(trust.confidence, trust.samples)] : []],
    [texts.tables, trust.tables],
    [texts.filters, trust.filters],
    [texts.assumptions, trust.assumptions],
    [texts.schema, trust.schemaAge === null ? [] : [texts.readAgo(trust.schemaAge)]],
  ] as const
  const known = rows.filter(([, values]) => values.some(value => value))
  if (known.length === 0) return null
  return (
    <section class="panel" aria-label={texts.trust}>
      <header>
        <h3>{texts.trust}</h3>
      </header>
      <dl class="trust">
        {known.map(([name, values]) => (
          <div key={name}>
            <dt>{name}</dt>
            {values.map((value, i) => (
              <dd key={i}>{value}</dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  )
}
