import type { Failure } from '../api.ts'
import { failureText, texts } from '../texts.ts'
import { Icon } from './icons.tsx'

interface Props {
  question: string
  failure: Failure
  onChoose: (question: string) => void
}

/** ClarificationView shows the meanings of an ambiguous question. A button asks for one of them. */
export function ClarificationView({ question, failure, onChoose }: Props) {
  const [title, advice] = failureText(failure.code)
  return (
    <article class="card failure" aria-labelledby="failure">
      <p class="asked">{question}</p>
      <h2 id="failure">
        <Icon name="reply" />
        {title}
      </h2>
      <p class="message">{failure.message}</p>
      {failure.options.length > 0 && (
        <ul class="options" aria-label={texts.meanings}>
          {failure.options.map(option => (
            <li key={option}>
              <button type="button" onClick={() => onChoose(option)}>
                {option}
              </button>
            </li>
          ))}
        </ul>
      )}
      <p>{advice}</p>
    </article>
  )
}
