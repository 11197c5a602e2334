import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { challengeFor } from './challenge.ts'
import { parseV2Path } from './path.ts'
import { requiredScopes } from './required-scopes.ts'

const deps = { configuredUrl: undefined, url: () => 'http://127.0.0.1:5080' }
const nothing = { scopes: [], error: undefined } as const

function headersOf(host: string | undefined): Parameters<typeof challengeFor>[1] {
  return { host, forwardedProto: undefined, protocol: 'http' }
}

test('the realm is on the very host that the client used, else on the one listened on', () => {
  const rows = [
    ['localhost:5080', 'Bearer realm="http://localhost:5080/token",service="localhost:5080"'],
    ['evil"x', 'Bearer realm="http://127.0.0.1:5080/token",service="127.0.0.1:5080"'],
    [undefined, 'Bearer realm="http://127.0.0.1:5080/token",service="127.0.0.1:5080"'],
  ] as const
  for (const [host, expected] of rows) {
    assert.equal(challengeFor(deps, headersOf(host), nothing), expected)
  }
})

test('a configured address is the realm; the service still says by which host the client came', () => {
  const configured = { ...deps, configuredUrl: 'https://registry.example.com/sub' }
  const challenge = challengeFor(
    configured,
    headersOf('123456789012.registry.example.com'),
    nothing,
  )
  assert.equal(
    challenge,
    'Bearer realm="https://registry.example.com/sub/token",service="123456789012.registry.example.com"',
  )
})

test('a host of ECR’s shape is asked for Basic, as ECR asks', () => {
  const host = '123456789012.dkr.ecr.us-east-1.example.com'
  const need = { scopes: [], error: 'invalid_token' } as const
  assert.equal(
    challengeFor(deps, headersOf(host), need),
    `Basic realm="http://${host}/",service="ecr.amazonaws.com"`,
  )
})

test('scopes and the error are told', () => {
  const scopes = [
    { kind: 'repository', name: 'a/b', actions: ['pull', 'push'] },
    { kind: 'catalog' },
  ] as const
  const challenge = challengeFor(deps, headersOf('h'), { scopes, error: 'insufficient_scope' })
  assert.ok(
    challenge.endsWith(
      ',scope="repository:a/b:pull,push registry:catalog:*",error="insufficient_scope"',
    ),
  )
})

test('no path and no query puts anything but names of repositories into a challenge', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('a"b', 'a b', '..', 'ä', 'team/app', '*'))
  fc.assert(
    fc.property(text, text, (name, from) => {
      const path = parseV2Path(`/v2/${name}/blobs/uploads/`)
      const query = new URLSearchParams({ mount: 'x', from })
      const scopes = requiredScopes(path, 'push', query)
      const challenge = challengeFor(deps, headersOf('h'), { scopes, error: undefined })
      const shape =
        /^Bearer realm="http:\/\/h\/token",service="h"(?:,scope="(?: ?repository:[a-z0-9._/-]+:[a-z,]+)+")?$/
      assert.match(challenge, shape)
    }),
  )
})
