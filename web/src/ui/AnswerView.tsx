import { useMemo } from 'preact/hooks'
import { describe } from '../answer/columns.ts'
import type { Answer } from '../api.ts'
import { linkTo } from '../link.ts'
import { texts } from '../texts.ts'
import { CopyButton } from './actions.tsx'
import { ChartPanel } from './ChartPanel.tsx'
import { FeedbackPanel, type Rate } from './FeedbackPanel.tsx'
import { Icon } from './icons.tsx'
import { Statement } from './Statement.tsx'
import { TablePanel } from './TablePanel.tsx'
import { TrustPanel } from './TrustPanel.tsx'

interface Props {
  question: string
  answer: Answer
  seconds: number
  isPinned: boolean
  onPin: (pinned: boolean) => void
  onAgain: () => void
  onFollowUp: () => void
  /** rate sends feedback; null if the stack accepts none. */
  rate: Rate | null
}

export function AnswerView({ question, answer, seconds, isPinned, onPin, onAgain, onFollowUp, rate }: Props) {
  const { rows, stored } = answer
  const columns = useMemo(() => describe(answer.columns, answer.rows), [answer])
  return (
    <article class="answer" aria-labelledby="answer">
      <header>
        <h2 id="answer">{question}</h2>
        <p class="meta">
          {texts.rows(rows.length)} · {texts.duration(seconds)}
        </p>
        {answer.reason && <p class="reason">{answer.reason}</p>}
        <div class="actions">
          <button type="button" onClick={onFollowUp}>
            <Icon name="reply" />
            {texts.followUp}
          </button>
          <button type="button" class="quiet" aria-pressed={isPinned} onClick={() => onPin(!isPinned)}>
            <Icon name="pin" isFilled={isPinned} />
            {texts.pin}
          </button>
          <button type="button" class="quiet" onClick={onAgain}>
            <Icon name="again" />
            {texts.askAgain}
          </button>
          <CopyButton name={texts.copyLink} label={texts.copyLink} text={() => linkTo(location.href, question)} />
        </div>
      </header>
      {answer.truncated && (
        <p class="notice">
          <Icon name="warning" />
          <span>
            {texts.truncated(rows.length)} {!stored && texts.truncatedHint}
            {stored && (
              <>
                {' '}
                <a href={stored.url} rel="noreferrer" download>
                  {texts.stored(stored.rows)}
                </a>
                . {texts.storedUntil(clock(stored.expires))}
              </>
            )}
          </span>
        </p>
      )}
      {rows.length === 0 ? (
        <p class="card empty">{texts.empty}</p>
      ) : (
        <>
          <ChartPanel question={question} columns={columns} rows={rows} />
          <TablePanel question={question} columns={columns} rows={rows} />
        </>
      )}
      {answer.sql && <Statement title={texts.sql} sql={answer.sql} />}
      <TrustPanel trust={answer.trust} />
      {rate && answer.requestID && <FeedbackPanel sql={answer.sql} hasAnswer={true} rate={rate} />}
    </article>
  )
}

const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hour12: false })

function clock(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : time.format(at)
}
