import { useCallback, useEffect, useErrorBoundary, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Answer, ask, Failure, type Question, rate, type Stage } from '../api.ts'
import type { Config } from '../config.ts'
import type { Credentials } from '../credentials.ts'
import { clear, type Entry, isSame, pin, record, remove, Store } from '../history.ts'
import { parseFragment } from '../link.ts'
import { texts } from '../texts.ts'
import { AnswerView } from './AnswerView.tsx'
import { Broken } from './Broken.tsx'
import { ClarificationView } from './ClarificationView.tsx'
import { FailureView } from './FailureView.tsx'
import type { Rate } from './FeedbackPanel.tsx'
import { HistoryList } from './HistoryList.tsx'
import { Icon } from './icons.tsx'
import { Progress } from './Progress.tsx'
import { QuestionBox } from './QuestionBox.tsx'
import { SignInView } from './SignInView.tsx'

/** Session is the state of the page at its start. */
export interface Session {
  config: Config
  credentials: Credentials
  /** The user who has signed in, or ''. */
  user: string
  isSignedIn: boolean
  /** A question to fill in. */
  question: string
  /** Why the provider refused the sign-in, or null. */
  refused: string | null
}

type Phase =
  | { name: 'idle' }
  | { name: 'asking'; asked: Question; since: number; stage: Stage | null }
  | { name: 'answered'; asked: Question; since: number; answer: Answer; seconds: number }
  | { name: 'failed'; asked: Question; failure: Failure }

interface FollowUp {
  question: string
  context: unknown[]
}

/** SafeApp is App, or Broken after an error of its code: half a page would look like an answer. */
export function SafeApp({ session }: { session: Session }) {
  const [error] = useErrorBoundary()
  return error ? <Broken error={error} /> : <App session={session} />
}

function App({ session }: { session: Session }) {
  const { config, credentials } = session
  const [phase, setPhase] = useState<Phase>({ name: 'idle' })
  const [text, setText] = useState(session.question)
  const [followUp, setFollowUp] = useState<FollowUp | null>(null)
  const [access, setAccess] = useState<'granted' | 'missing' | 'expired'>(session.isSignedIn ? 'granted' : 'missing')
  const [status, setStatus] = useState('')
  const history = useHistory(session.user)
  const box = useRef<HTMLTextAreaElement>(null)
  const drawer = useRef<HTMLDialogElement>(null)
  const running = useRef<AbortController | null>(null)

  useEffect(() => {
    const fill = () => {
      const { question, token } = parseFragment(location.hash)
      if (token)
        location.reload() // the address of another console
      else if (question) setText(question)
    }
    addEventListener('hashchange', fill)
    return () => removeEventListener('hashchange', fill)
  }, [])

  const sending = useMemo(
    () => ({
      url: new URL(config.api, location.href),
      headers: async () => {
        const headers = await credentials.headers()
        if (!headers) throw new Failure('http_401', '')
        return headers
      },
    }),
    [config, credentials],
  )

  /** rateFor returns the function that sends feedback on an answer. */
  const rateFor = (requestID: string): Rate | null =>
    config.hasFeedback ? (feedback, signal) => rate({ requestID, ...feedback }, { ...sending, signal }) : null

  const start = useCallback(
    async (asked: Question, mustDecide = false) => {
      drawer.current?.close()
      running.current?.abort()
      const controller = new AbortController()
      running.current = controller
      const since = performance.now()
      setText('')
      setStatus(texts.asking)
      setPhase({ name: 'asking', asked, since, stage: null })
      try {
        if (!(await credentials.headers())) {
          setText(asked.question)
          setPhase({ name: 'idle' })
          setStatus('')
          setAccess('expired')
          return
        }
        const answer = await ask(asked, {
          ...sending,
          isAsync: config.isAsync,
          mustDecide,
          signal: controller.signal,
          onStage: stage => running.current === controller && setPhase({ name: 'asking', asked, since, stage }),
        })
        if (running.current !== controller) return
        history.record({ ...asked, at: Date.now(), rows: answer.rows.length })
        setFollowUp(null)
        setStatus(texts.answered(answer.rows.length))
        setPhase({ name: 'answered', asked, since, answer, seconds: (performance.now() - since) / 1000 })
      } catch (error) {
        if (running.current !== controller) return
        const failure = error instanceof Failure ? error : new Failure('page', String(error))
        history.record({ ...asked, at: Date.now(), rows: null })
        setStatus('')
        setPhase({ name: 'failed', asked, failure })
      }
    },
    [config, credentials, sending, history.record],
  )

  const cancel = useCallback(() => {
    running.current?.abort()
    running.current = null
    setPhase(now => {
      if (now.name === 'asking') setText(now.asked.question)
      return { name: 'idle' }
    })
    setStatus(texts.cancelled)
    box.current?.focus()
  }, [])

  const isAsking = phase.name === 'asking'
  // In place before the page shows the question, for Escape to cancel from then on.
  useLayoutEffect(() => {
    if (!isAsking) return
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && cancel()
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [isAsking, cancel])

  const signOut = async () => {
    await credentials.signOut?.()
    running.current?.abort()
    running.current = null
    setPhase({ name: 'idle' })
    setAccess('missing')
  }

  const asked = phase.name === 'idle' ? null : phase.asked
  const list = (
    <HistoryList
      entries={history.entries}
      isKept={history.isKept}
      current={asked}
      onAsk={start}
      onPin={history.pin}
      onRemove={history.remove}
      onClear={history.clear}
    />
  )

  return (
    <>
      {access === 'granted' && (
        <a class="skip" href="#question">
          {texts.skip}
        </a>
      )}
      <header class="top">
        <span class="brand">
          <Logo />
          {config.app || texts.title}
        </span>
        {access === 'granted' && (
          <button type="button" class="quiet open-history" onClick={() => drawer.current?.showModal()}>
            <Icon name="clock" />
            <span>{texts.history}</span>
          </button>
        )}
        {access === 'granted' && credentials.signOut && (
          <button type="button" class="quiet" onClick={signOut}>
            <Icon name="out" />
            <span>{texts.signOut}</span>
          </button>
        )}
      </header>

      <div class="layout">
        {access === 'granted' && (
          <aside class="side" aria-label={texts.history}>
            <h2>{texts.history}</h2>
            {list}
          </aside>
        )}
        <main>
          {access !== 'granted' ? (
            <SignInView
              refused={session.refused}
              isExpired={access === 'expired'}
              signIn={credentials.signIn ? () => credentials.signIn?.(text) ?? Promise.resolve() : null}
              accept={
                credentials.accept
                  ? token => {
                      credentials.accept?.(token)
                      setAccess('granted')
                    }
                  : null
              }
            />
          ) : (
            <>
              {phase.name === 'idle' && (
                <div class="intro">
                  <h1>{texts.title}</h1>
                  <p>{texts.intro}</p>
                </div>
              )}
              {phase.name !== 'idle' && <h1 class="unseen">{texts.title}</h1>}
              <QuestionBox
                text={text}
                onInput={setText}
                onAsk={question => start({ question, context: followUp?.context ?? [] })}
                follows={followUp?.question ?? null}
                onEndFollowUp={() => {
                  setFollowUp(null)
                  box.current?.focus()
                }}
                box={box}
              />
              {phase.name === 'idle' && (
                <Examples examples={config.examples} onAsk={question => start({ question, context: [] })} />
              )}
              {phase.name === 'asking' && (
                <Progress question={phase.asked.question} stage={phase.stage} since={phase.since} onCancel={cancel} />
              )}
              {phase.name === 'answered' && (
                <AnswerView
                  key={phase.since}
                  question={phase.asked.question}
                  answer={phase.answer}
                  seconds={phase.seconds}
                  isPinned={history.entries.some(entry => entry.pinned && isSame(entry, phase.asked))}
                  onPin={pinned => history.pin(phase.asked, pinned)}
                  onAgain={() => start(phase.asked)}
                  rate={rateFor(phase.answer.requestID)}
                  onFollowUp={() => {
                    setFollowUp({ question: phase.asked.question, context: phase.answer.context })
                    box.current?.focus()
                    box.current?.scrollIntoView({ block: 'center' })
                  }}
                />
              )}
              {phase.name === 'failed' && phase.failure.code === 'clarification_needed' && (
                <div role="alert">
                  <ClarificationView
                    question={phase.asked.question}
                    failure={phase.failure}
                    onChoose={question => start({ question, context: phase.asked.context }, true)}
                  />
                </div>
              )}
              {phase.name === 'failed' && phase.failure.code !== 'clarification_needed' && (
                <div role="alert">
                  <FailureView
                    question={phase.asked.question}
                    failure={phase.failure}
                    onAgain={() => start(phase.asked)}
                    rate={rateFor(phase.failure.requestID)}
                    onSignIn={
                      credentials.signOut
                        ? () => {
                            setText(phase.asked.question)
                            setAccess('expired')
                          }
                        : null
                    }
                  />
                </div>
              )}
            </>
          )}
          <p class="unseen" role="status">
            {status}
          </p>
        </main>
      </div>

      <dialog ref={drawer} class="drawer" aria-label={texts.history}>
        <div class="heading">
          <h2>{texts.history}</h2>
          <button type="button" class="quiet" aria-label={texts.close} onClick={() => drawer.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        {list}
      </dialog>

      {config.version && <footer>{texts.version(config.version)}</footer>}
    </>
  )
}

function Examples({ examples, onAsk }: { examples: readonly string[]; onAsk: (question: string) => void }) {
  if (examples.length === 0) return <p class="hint">{texts.noExamples}</p>
  return (
    <section class="examples" aria-label={texts.examples}>
      <h2>{texts.examples}</h2>
      <ul>
        {examples.slice(0, 8).map(example => (
          <li key={example}>
            <button type="button" onClick={() => onAsk(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M9 21v-5M16 21V10M23 21v-8" stroke="var(--on-accent)" stroke-width="3.5" stroke-linecap="round" />
    </svg>
  )
}

// Users who share a browser do not see each other's questions.
function useHistory(user: string) {
  const [store] = useState(() => new Store(`defog:history:${location.pathname}${user && `:${user}`}`, storage()))
  const [entries, setEntries] = useState(() => store.load())
  const [isKept, setKept] = useState(store.storage !== null)
  const change = useCallback(
    (next: (entries: Entry[]) => Entry[]) => {
      // Another tab may have asked meanwhile.
      const changed = next(store.storage ? store.load() : entriesNow.current)
      entriesNow.current = changed
      setEntries(changed)
      setKept(store.save(changed))
    },
    [store],
  )
  const entriesNow = useRef(entries)
  return {
    entries,
    isKept,
    record: useCallback((asked: Omit<Entry, 'pinned'>) => change(all => record(all, asked)), [change]),
    pin: useCallback((entry: Question, pinned: boolean) => change(all => pin(all, entry, pinned)), [change]),
    remove: useCallback((entry: Entry) => change(all => remove(all, entry)), [change]),
    clear: useCallback(() => change(clear), [change]),
  }
}

function storage(): Storage | null {
  try {
    return localStorage
  } catch {
    return null // the browser blocks it
  }
}
