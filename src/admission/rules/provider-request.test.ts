import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { readProviderKey, readProviderRequest, writeProviderResponse } from './provider-request.ts'

const ask = (keys: unknown): unknown => ({
  apiVersion: 'externaldata.gatekeeper.sh/v1beta1',
  kind: 'ProviderRequest',
  request: { keys },
})

test('what is no request is told as a system error, on which templates deny', () => {
  const many = Array.from({ length: 501 }, (_, at) => `a:${at}`)
  for (const body of [null, {}, ask('x'), ask([1]), ask(many), { ...Object(ask([])), kind: 'x' }]) {
    const reading = readProviderRequest(body)
    assert.ok(reading.kind === 'refused')
    const { response } = writeProviderResponse({ systemError: reading.problem }, false)
    assert.deepEqual(response, { idempotent: false, items: [], systemError: reading.problem })
  }
  assert.equal(readProviderRequest(ask(many.slice(1))).kind, 'read')
})

test('a key says which image, and perhaps for which namespace and cluster', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['nginx', [undefined, undefined, 'library/nginx']],
    ['[prod]reg.example/app:1', [undefined, 'prod', 'app']],
    ['[c.1/prod]reg.example/app:1', ['c.1', 'prod', 'app']],
    ['[]reg.example/app:1', [undefined, undefined, 'app']],
    ['[c1/]reg.example/app:1', ['c1', undefined, 'app']],
    ['[2001:db8::1]:5000/app', 'refused'],
    ['[prod]', 'refused'],
    ['[prod] nginx', 'refused'],
    ['[prod]a\nb', 'refused'],
    ['[pr]od]nginx', 'refused'],
    ['[a/b/c]nginx', 'refused'],
    ['', 'refused'],
    ['a'.repeat(3000), 'refused'],
  ]
  for (const [key, wanted] of cases) {
    const reading = readProviderKey(key)
    const found =
      reading.kind === 'read'
        ? [reading.cluster, reading.namespace, reading.reference.path]
        : reading.kind
    assert.deepEqual(found, wanted, JSON.stringify(key))
  }
})

test('keys are asked once each, in the order of their first mention', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 100 }), (keys) => {
      const reading = readProviderRequest(ask(keys))
      assert.deepEqual(reading, { kind: 'read', keys: [...new Set(keys)] })
      for (const key of keys) assert.match(readProviderKey(key).kind, /read|refused/)
    }),
    { numRuns: fuzzRuns(100), seed: fuzzSeed() },
  )
})
