import type { Failure } from '../api.ts'
import { failureText, texts } from '../texts.ts'
import { CopyButton } from './actions.tsx'
import { FeedbackPanel, type Rate } from './FeedbackPanel.tsx'
import { Icon } from './icons.tsx'
import { Statement } from './Statement.tsx'

const localTime = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' })

interface Props {
  question: string
  failure: Failure
  onAgain: () => void
  onSignIn: (() => void) | null
  /** rate sends feedback; null if the stack accepts none. */
  rate: Rate | null
}

// The failures that other SQL would end.
const correctable = ['generator_refused', 'statement_failed', 'database_timeout']

export function FailureView({ question, failure, onAgain, onSignIn, rate }: Props) {
  const [title, advice] = failureText(failure.code)
  return (
    <article class="card failure" aria-labelledby="failure">
      <p class="asked">{question}</p>
      <h2 id="failure">
        <Icon name="warning" />
        {title}
      </h2>
      <p>{advice}</p>
      {failure.retryAt && <p>{texts.retryAt(localTime.format(failure.retryAt))}</p>}
      {failure.message && (
        <>
          <h3>{texts.details}</h3>
          <p class="message">{failure.message}</p>
        </>
      )}
      {failure.sql && <Statement title={texts.failedSQL} sql={failure.sql} />}
      {rate && failure.requestID && correctable.includes(failure.code) && (
        <FeedbackPanel sql={failure.sql} hasAnswer={false} rate={rate} />
      )}
      <div class="actions">
        {failure.code === 'http_401' && onSignIn ? (
          <button type="button" class="primary" onClick={onSignIn}>
            {texts.signIn}
          </button>
        ) : (
          <button type="button" onClick={onAgain}>
            <Icon name="again" />
            {texts.askAgain}
          </button>
        )}
        {failure.requestID && (
          <span class="request-id">
            {texts.requestID} <code>{failure.requestID}</code>
            <CopyButton name={texts.copyRequestID} text={() => failure.requestID} />
          </span>
        )}
      </div>
    </article>
  )
}
