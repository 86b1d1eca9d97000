import { failureText } from '../texts.ts'
import { Icon } from './icons.tsx'

/** Broken is the page when it cannot start. */
export function Broken({ error }: { error: unknown }) {
  const [title, advice] = failureText('page')
  return (
    <main class="center">
      <section class="card failure" role="alert">
        <h1>
          <Icon name="warning" />
          {title}
        </h1>
        <p>{advice}</p>
        <p class="message">{error instanceof Error ? error.message : String(error)}</p>
      </section>
    </main>
  )
}
