import { useEffect, useState } from 'preact/hooks'
import type { Stage } from '../api.ts'
import { texts } from '../texts.ts'
import { Icon } from './icons.tsx'
import { Statement } from './Statement.tsx'

interface Props {
  question: string
  stage: Stage | null
  /** When the question was sent, by performance.now(). */
  since: number
  onCancel: () => void
}

/** Progress shows for how long a question has run. */
export function Progress({ question, stage, since, onCancel }: Props) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - since) / 1000)), 250)
    return () => clearInterval(timer)
  }, [since])
  return (
    <section class="card progress" aria-label={texts.asking}>
      <h2>{question}</h2>
      <div class="bar" aria-hidden="true" />
      <p>
        <span role="status">{texts.stages[stage?.status ?? ''] ?? texts.asking}</span>
        <span class="seconds" role="timer">
          {texts.elapsed(seconds)}
        </span>
        <button type="button" onClick={onCancel}>
          <Icon name="stop" />
          {texts.cancel}
        </button>
      </p>
      {stage?.sql && <Statement title={texts.runningSQL} sql={stage.sql} />}
    </section>
  )
}
