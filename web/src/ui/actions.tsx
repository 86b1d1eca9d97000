import { useEffect, useRef, useState } from 'preact/hooks'
import { texts } from '../texts.ts'
import { Icon } from './icons.tsx'

interface CopyProps {
  /** The name for a screen reader; it starts with the visible one. */
  name: string
  label?: string
  text: () => string
}

const shownFor = 2000

/** CopyButton copies a text, and shows for a moment whether it did. */
export function CopyButton({ name, label = texts.copy, text }: CopyProps) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready')
  const timer = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text()).then(
      () => true,
      () => false,
    )
    setState(done ? 'copied' : 'failed')
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => setState('ready'), shownFor)
  }
  const shown = { ready: label, copied: texts.copied, failed: texts.copyFailed }[state]
  return (
    <button type="button" class="quiet" aria-label={state === 'ready' ? name : shown} onClick={copy}>
      <Icon name={state === 'copied' ? 'check' : label === texts.copyLink ? 'link' : 'copy'} />
      <span>{shown}</span>
      <span class="unseen" role="status">
        {state === 'ready' ? '' : shown}
      </span>
    </button>
  )
}

/** save offers a file to the user. */
export function save(name: string, content: Blob) {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser reads the file after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** fileName returns a name of a file for a question. */
export function fileName(question: string, extension: string): string {
  const words = question
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return `${words.slice(0, 60).toLowerCase() || 'answer'}.${extension}`
}
