import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirected } from './http-request.ts'

const home = new URL('https://feeds.invalid/a/b.json')

for (const location of [
  'http://feeds.invalid/',
  'ftp://feeds.invalid/',
  'file:///etc/passwd',
  'https://169.254.169.254/',
  'https://[fe80::1]/',
  'https://',
])
  test(`from https nobody is sent to ${location}`, () => {
    assert.throws(() => redirected(home, location), { name: 'FeedError', fault: 'refused' })
  })

test('https leads to https, http to either, and a path to the same host', () => {
  assert.equal(redirected(home, 'https://other.invalid/x').href, 'https://other.invalid/x')
  assert.equal(redirected(home, '../c').href, 'https://feeds.invalid/c')
  const plain = new URL('http://mirror.invalid/')
  assert.equal(redirected(plain, 'http://10.0.0.1/x').href, 'http://10.0.0.1/x')
  assert.equal(redirected(plain, 'https://other.invalid/').href, 'https://other.invalid/')
})
