import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProviderUrl } from './oidc-provider-url.ts'

test('refuses whatever is not plainly the address of an issuer', () => {
  const refused = [
    '',
    'issuer.example',
    'http://issuer.example',
    'ftp://issuer.example',
    'https://',
    'https:///path',
    'https://user@issuer.example',
    'https://user:secret@issuer.example',
    'https://issuer.example?x=1',
    'https://issuer.example/?',
    'https://issuer.example#x',
    'https://issuer.example//x',
    'https://issuer.example/a//b',
    'https://issuer.example/../x',
    'https://issuer.example/x/.',
    'https://issuer.example:port',
    'https://issuer.example:99999',
    'https://issuer example',
    'https://issuer.example/a b',
    'https://issuer.example\n',
    'https://[::1]',
    'https://íssuer.example',
    `https://issuer.example/${'x'.repeat(255)}`,
  ]
  for (const url of refused) assert.equal(readProviderUrl(url).kind, 'refused', JSON.stringify(url))
})

test('the issuer is the URL without its scheme and without a slash at the end', () => {
  const cases = [
    ['https://token.actions.githubusercontent.com', 'token.actions.githubusercontent.com'],
    ['https://gitlab.example.com/', 'gitlab.example.com'],
    ['https://gitlab.example.com:8443/sub/path', 'gitlab.example.com:8443/sub/path'],
    ['HTTPS://oidc.eks.us-east-1.amazonaws.com/id/ABC', 'oidc.eks.us-east-1.amazonaws.com/id/ABC'],
    ['https://issuer.example/...', 'issuer.example/...'],
  ]
  for (const [url = '', issuer] of cases) {
    assert.deepEqual(readProviderUrl(url), { kind: 'issuer', issuer })
  }
})
