import type { Ref } from 'preact'
import { texts } from '../texts.ts'
import { Icon } from './icons.tsx'

interface Props {
  text: string
  onInput: (text: string) => void
  onAsk: (text: string) => void
  /** The question that the next one follows, or null. */
  follows: string | null
  onEndFollowUp: () => void
  box: Ref<HTMLTextAreaElement>
}

// As many characters as the API accepts.
const longest = 10_000

export function QuestionBox({ text, onInput, onAsk, follows, onEndFollowUp, box }: Props) {
  const send = () => text.trim() && onAsk(text.trim())
  return (
    <form
      class="question"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      {follows !== null && (
        <p class="follows">
          <Icon name="reply" />
          <span>
            {texts.followUpTo} <q>{follows}</q>
          </span>
          <button
            type="button"
            class="quiet"
            aria-label={texts.endFollowUp}
            title={texts.endFollowUp}
            onClick={onEndFollowUp}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
      <label class="unseen" for="question">
        {texts.question}
      </label>
      <textarea
        id="question"
        ref={box}
        rows={2}
        maxLength={longest}
        placeholder={texts.placeholder}
        aria-describedby="question-hint"
        value={text}
        onInput={event => onInput(event.currentTarget.value)}
        onKeyDown={event => {
          // While an input method composes, Enter ends the composition.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          send()
        }}
      />
      <div class="send">
        <span id="question-hint" class="hint">
          {texts.askHint}
        </span>
        <button type="submit" class="primary" disabled={!text.trim()}>
          {texts.ask}
          <Icon name="send" />
        </button>
      </div>
    </form>
  )
}
