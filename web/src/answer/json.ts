/** Value is a value of an answer: what JSON can hold. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

/**
 * parseExact parses JSON without loss. JavaScript's numbers hold 53 bits, and a database's more: such a number becomes
 * the text of its digits.
 */
export function parseExact(json: string): unknown {
  // TypeScript's types lack the reviver's third argument.
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context?: Context) => unknown,
  ) => unknown
  return parse(json, (_, value, context) => {
    if (typeof value !== 'number' || !context?.source || isExact(value, context.source)) return value
    return context.source
  })
}

interface Context {
  source?: string
}

function isExact(value: number, source: string): boolean {
  return /^-?\d+$/.test(source) ? Number.isSafeInteger(value) : Number.isFinite(value)
}
