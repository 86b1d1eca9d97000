import { useState } from 'preact/hooks'
import { texts } from '../texts.ts'

interface Props {
  /** Why the last sign-in failed, or null. */
  refused: string | null
  isExpired: boolean
  /** signIn leaves the page; it is absent if the user pastes a token. */
  signIn: (() => Promise<void>) | null
  accept: ((token: string) => void) | null
}

export function SignInView({ refused, isExpired, signIn, accept }: Props) {
  const [problem, setProblem] = useState(refused)
  const [isLeaving, setLeaving] = useState(false)
  const [token, setToken] = useState('')
  const leave = async () => {
    setLeaving(true)
    try {
      await signIn?.()
    } catch (error) {
      setLeaving(false)
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <section class="card sign-in" aria-labelledby="sign-in">
      <h1 id="sign-in">{texts.signInTitle}</h1>
      <p>{isExpired ? texts.signedOut : accept ? texts.tokenIntro : signIn ? texts.signInIntro : texts.noToken}</p>
      {problem !== null && (
        <p class="notice" role="alert">
          {texts.signInFailed} {texts.signInRefused(problem)}
        </p>
      )}
      {signIn && (
        <button type="button" class="primary" disabled={isLeaving} onClick={leave}>
          {isLeaving ? texts.signingIn : texts.signIn}
        </button>
      )}
      {accept && (
        <form
          onSubmit={event => {
            event.preventDefault()
            if (token.trim()) accept(token)
          }}
        >
          <label for="token">{texts.token}</label>
          <input
            id="token"
            type="password"
            autocomplete="off"
            value={token}
            onInput={event => setToken(event.currentTarget.value)}
          />
          <button type="submit" class="primary" disabled={!token.trim()}>
            {texts.useToken}
          </button>
        </form>
      )}
    </section>
  )
}
