import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../src/config.ts'
import { linkTo, parseFragment } from '../src/link.ts'

const defaults = {
  api: './',
  app: '',
  auth: 'none',
  provider: null,
  examples: [],
  version: '',
  isAsync: false,
  hasFeedback: false,
}

test('missing, unknown and invalid keys have defaults', () => {
  for (const value of [
    undefined,
    null,
    [],
    'text',
    {},
    { unknown: 1 },
    { api: 5, app: null, auth: 'magic', oidc: 'x', examples: 'y', version: [] },
  ]) {
    assert.deepEqual(parseConfig(value), defaults, JSON.stringify(value))
  }
})

test('a provider needs an issuer and a client id', () => {
  assert.equal(parseConfig({ auth: 'oidc', oidc: { issuer: 'https://a' } }).provider, null)
  assert.deepEqual(parseConfig({ auth: 'oidc', oidc: { issuer: 'https://a', client_id: 'b' } }).provider, {
    issuer: 'https://a',
    clientID: 'b',
    scopes: 'openid',
  })
})

test('a link fills in its question', () => {
  const question = 'How many "A & B" = 100 %?'
  const link = linkTo('https://example.com/prod/?code=1#token=secret', question)
  assert.ok(link.startsWith('https://example.com/prod/#q='))
  assert.deepEqual(parseFragment(new URL(link).hash), { question, token: '' })
  assert.deepEqual(parseFragment('#token=abc'), { question: '', token: 'abc' })
  assert.deepEqual(parseFragment(''), { question: '', token: '' })
  assert.deepEqual(parseFragment('#token=%E2%82%AC&q=a'), { question: 'a', token: '' })
})
