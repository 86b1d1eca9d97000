import { type Entry, isSame } from '../history.ts'
import { texts } from '../texts.ts'
import { Icon } from './icons.tsx'

interface Props {
  entries: readonly Entry[]
  isKept: boolean
  /** The question that the page shows, or null. */
  current: Pick<Entry, 'question' | 'context'> | null
  onAsk: (entry: Entry) => void
  onPin: (entry: Entry, pinned: boolean) => void
  onRemove: (entry: Entry) => void
  onClear: () => void
}

export function HistoryList({ entries, isKept, current, onAsk, onPin, onRemove, onClear }: Props) {
  const pinned = entries.filter(entry => entry.pinned)
  const recent = entries.filter(entry => !entry.pinned)
  const list = (title: string, shown: readonly Entry[]) => (
    <ul aria-label={title}>
      {shown.map(entry => (
        <li key={`${entry.at} ${entry.question}`} class={current && isSame(entry, current) ? 'current' : ''}>
          <button type="button" class="entry" onClick={() => onAsk(entry)}>
            <span class="text">{entry.question}</span>
            <span class="meta">
              {entry.context.length > 0 && `${texts.isFollowUp} · `}
              {entry.rows === null ? texts.failed : texts.rows(entry.rows)} · {when(entry.at)}
            </span>
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={entry.pinned ? texts.unpinOne(entry.question) : texts.pinOne(entry.question)}
            title={entry.pinned ? texts.unpin : texts.pin}
            onClick={() => onPin(entry, !entry.pinned)}
          >
            <Icon name="pin" isFilled={entry.pinned} />
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={texts.remove(entry.question)}
            title={texts.remove(entry.question)}
            onClick={() => onRemove(entry)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  )
  return (
    <div class="history">
      {pinned.length > 0 && (
        <>
          <h3>{texts.pinned}</h3>
          {list(texts.pinned, pinned)}
        </>
      )}
      {recent.length > 0 && (
        <>
          <div class="heading">
            <h3>{texts.recent}</h3>
            <button type="button" class="quiet" title={texts.clearHint} onClick={onClear}>
              {texts.clear}
            </button>
          </div>
          {list(texts.recent, recent)}
        </>
      )}
      {entries.length === 0 && <p class="hint">{texts.noHistory}</p>}
      {!isKept && <p class="hint">{texts.notKept}</p>}
    </div>
  )
}

const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const hour = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false })

function when(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString()
  return (isToday ? hour : day).format(at)
}
