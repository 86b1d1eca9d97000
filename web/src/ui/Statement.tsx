import { getSegments } from 'sql-highlight'
import { texts } from '../texts.ts'
import { CopyButton } from './actions.tsx'

// The highlighter takes regular expressions to the text; a longer one would hold the page up.
const highlighted = 50_000

/** Statement shows SQL. Its parts are text nodes. */
export function Statement({ title, sql }: { title: string; sql: string }) {
  const segments = sql.length > highlighted ? [{ name: 'default', content: sql }] : getSegments(sql)
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <div class="tools">
          <CopyButton name={texts.copySQL} text={() => sql} />
        </div>
      </header>
      <pre class="sql" tabIndex={0} role="group" aria-label={title}>
        <code>
          {segments.map((segment, i) => (
            <span key={i} class={`sql-${segment.name}`}>
              {segment.content}
            </span>
          ))}
        </code>
      </pre>
    </section>
  )
}
