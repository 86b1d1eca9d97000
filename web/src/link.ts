/** Fragment is what the page's URL carries after #. It never reaches a server. */
export interface Fragment {
  question: string
  token: string
}

/** parseFragment drops an invalid token: fetch rejects a header that holds it. */
export function parseFragment(hash: string): Fragment {
  const values = new URLSearchParams(hash.replace(/^#/, ''))
  const token = values.get('token') ?? ''
  return { question: values.get('q') ?? '', token: /^[\w-]+$/.test(token) ? token : '' }
}

/** linkTo returns a URL of the page that fills in a question. */
export function linkTo(page: string, question: string): string {
  const url = new URL(page)
  url.search = ''
  url.hash = `q=${encodeURIComponent(question)}`
  return url.href
}
