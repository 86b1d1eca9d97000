/** Fragment is what the page's URL carries after #. It never reaches a server. */
export interface Fragment {
  question: string
  token: string
}

export function parseFragment(hash: string): Fragment {
  const values = new URLSearchParams(hash.replace(/^#/, ''))
  return { question: values.get('q') ?? '', token: values.get('token') ?? '' }
}

/** linkTo returns a URL of the page that fills in a question. */
export function linkTo(page: string, question: string): string {
  const url = new URL(page)
  url.search = ''
  url.hash = `q=${encodeURIComponent(question)}`
  return url.href
}
