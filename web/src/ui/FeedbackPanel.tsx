import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Failure, type Feedback } from '../api.ts'
import { failureText, texts } from '../texts.ts'
import { Icon } from './icons.tsx'

/** Rate sends feedback on one answer. It throws a Failure if that is not stored. */
export type Rate = (feedback: Omit<Feedback, 'requestID'>, signal: AbortSignal) => Promise<void>

interface Props {
  /** The SQL of the answer, or ''. */
  sql: string
  /** Whether the question has an answer, which can be right. */
  hasAnswer: boolean
  rate: Rate
}

// As the API accepts: bytes of SQL, and characters of a comment.
const longestSQL = 256_000
const longestComment = 4000

/** FeedbackPanel asks whether an answer is right, and for the SQL of one that is wrong. */
export function FeedbackPanel({ sql, hasAnswer, rate }: Props) {
  const [isOpen, setOpen] = useState(false)
  const [isSending, setSending] = useState(false)
  const [stored, setStored] = useState<Feedback['verdict'] | null>(null)
  const [problem, setProblem] = useState('')
  const [corrected, setCorrected] = useState(sql)
  const [comment, setComment] = useState('')
  const id = useId()
  const first = useRef<HTMLTextAreaElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const gone = useRef(new AbortController())
  useEffect(() => () => gone.current.abort(), [])
  useEffect(() => {
    if (isOpen) first.current?.focus()
  }, [isOpen])

  const close = () => {
    setOpen(false)
    opener.current?.focus() // the form had it
  }

  const send = async (verdict: Feedback['verdict']) => {
    if (isSending) return
    setSending(true)
    setProblem('')
    const changed = corrected.trim() && corrected.trim() !== sql.trim() ? corrected.trim() : ''
    const details = verdict === 'wrong' ? { sql: changed, comment: comment.trim() } : { sql: '', comment: '' }
    try {
      await rate({ verdict, ...details }, gone.current.signal)
      setStored(verdict)
      if (isOpen) close()
    } catch (error) {
      if (gone.current.signal.aborted) return
      const failure = error instanceof Failure ? error : new Failure('page', String(error))
      setProblem(`${texts.feedbackFailed(failureText(failure.code)[0])} ${failure.message}`.trim())
    }
    setSending(false)
  }

  return (
    <section class="feedback" aria-label={texts.feedback}>
      <div class="ask">
        <span>{hasAnswer ? texts.isRight : texts.knowSQL}</span>
        {hasAnswer && (
          <button
            type="button"
            class="quiet"
            aria-pressed={stored === 'right'}
            onClick={() => {
              setOpen(false)
              void send('right')
            }}
          >
            <Icon name="right" />
            {texts.right}
          </button>
        )}
        <button type="button" class="quiet" aria-expanded={isOpen} ref={opener} onClick={() => setOpen(!isOpen)}>
          <Icon name={hasAnswer ? 'wrong' : 'reply'} />
          {hasAnswer ? texts.wrong : texts.suggestSQL}
        </button>
      </div>
      {isOpen && (
        <form
          class="card"
          onKeyDown={event => event.key === 'Escape' && close()}
          onSubmit={event => {
            event.preventDefault()
            void send('wrong')
          }}
        >
          <label for={`${id}-sql`}>{texts.correctSQL}</label>
          <textarea
            id={`${id}-sql`}
            ref={first}
            class="code"
            rows={4}
            spellcheck={false}
            maxLength={longestSQL}
            value={corrected}
            onInput={event => setCorrected(event.currentTarget.value)}
          />
          <label for={`${id}-comment`}>{texts.comment}</label>
          <textarea
            id={`${id}-comment`}
            rows={2}
            maxLength={longestComment}
            placeholder={texts.commentHint}
            value={comment}
            onInput={event => setComment(event.currentTarget.value)}
          />
          <button type="submit" class="primary">
            {isSending ? texts.sendingFeedback : texts.sendFeedback}
          </button>
        </form>
      )}
      <p class={stored && !problem ? 'hint' : 'unseen'} role="status">
        {stored && !problem ? texts.storedFeedback(stored === 'right') : ''}
      </p>
      {problem && (
        <p class="notice" role="alert">
          <Icon name="warning" />
          <span>{problem}</span>
        </p>
      )}
    </section>
  )
}
