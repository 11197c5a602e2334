import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock, type FakeClock } from '../../../test/kit/fake-clock.ts'
import type { OutboundResult } from '../../lib/outbound-fetch.ts'
import type { Issuer } from './fetch-keys.ts'
import { KeySets } from './key-sets.ts'
import { keyLifetimeMs } from '../rules/key-lifetime.ts'

const url = 'https://issuer.example/tenant'
const issuer: Issuer = { url, allowPrivateNetwork: false, caBundle: undefined }
const minute = 60_000
const hour = 60 * minute

interface World {
  readonly clock: FakeClock
  readonly sets: KeySets
  /** Addresses fetched. */
  readonly fetched: string[]
  keys: readonly unknown[]
  configuration: unknown
  cacheControl: string | undefined
  isAway: boolean
  readonly ids: (keyId?: string) => Promise<readonly (string | undefined)[] | string>
}

function world(): World {
  const clock = fakeClock()
  const fetched: string[] = []
  const document = (value: unknown): OutboundResult => ({
    kind: 'document',
    bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    cacheControl: made.cacheControl,
  })
  let told = ''
  const sets = new KeySets({
    clock,
    onFailure(address, reason) {
      assert.equal(address, url)
      told = reason
    },
    fetch: async (address) => {
      fetched.push(address)
      if (made.isAway) return Promise.resolve({ kind: 'failed', reason: 'away' })
      const isKeys = address.endsWith('/keys')
      return Promise.resolve(document(isKeys ? { keys: made.keys } : made.configuration))
    },
  })
  const made: World = {
    clock,
    sets,
    fetched,
    keys: [{ kty: 'EC', kid: 'a' }],
    configuration: { issuer: url, jwks_uri: `${url}/keys` },
    cacheControl: undefined,
    isAway: false,
    async ids(keyId = 'a') {
      const found = await sets.find(issuer, keyId)
      return found.kind === 'keys' ? found.keys.map(({ kid }) => kid) : told
    },
  }
  return made
}

test('keys are fetched once and used while they are fresh', async () => {
  const w = world()
  assert.deepEqual(await w.ids(), ['a'])
  assert.deepEqual(w.fetched, [`${url}/.well-known/openid-configuration`, `${url}/keys`])
  w.clock.advance(5 * minute - 1)
  await w.ids()
  assert.equal(w.fetched.length, 2)
  w.clock.advance(1)
  await w.ids()
  assert.equal(w.fetched.length, 4)
})

test('the provider says for how long, within bounds', async () => {
  const w = world()
  w.cacheControl = 'public, max-age=7200'
  await w.ids()
  w.clock.advance(2 * hour - 1)
  await w.ids()
  assert.equal(w.fetched.length, 2)
  w.clock.advance(1)
  await w.ids()
  assert.equal(w.fetched.length, 4)
})

test('an unknown key has the set fetched again, once a minute at most', async () => {
  const w = world()
  w.cacheControl = 'max-age=86400'
  await w.ids()
  for (let n = 0; n < 50; n += 1) assert.deepEqual(await w.ids(`made-up-${n}`), ['a'])
  assert.equal(w.fetched.length, 2)
  w.keys = [...w.keys, { kty: 'EC', kid: 'b' }]
  w.clock.advance(minute)
  assert.deepEqual(await w.ids('b'), ['a', 'b'])
  for (let n = 0; n < 50; n += 1) await w.ids(`made-up-${n}`)
  assert.equal(w.fetched.length, 4)
})

test('many who ask at once wait for one fetch', async () => {
  const w = world()
  await Promise.all(Array.from({ length: 20 }, () => w.ids()))
  assert.equal(w.fetched.length, 2)
})

test('old keys are used for a day while the provider is away, and no longer', async () => {
  const w = world()
  await w.ids()
  w.isAway = true
  w.clock.advance(24 * hour - 1)
  assert.deepEqual(await w.ids(), ['a'])
  w.clock.advance(5000)
  assert.equal(await w.ids(), 'away')
  w.isAway = false
  w.clock.advance(5000)
  assert.deepEqual(await w.ids(), ['a'])
})

test('a provider that is away is not asked at each request', async () => {
  const w = world()
  w.isAway = true
  for (let n = 0; n < 20; n += 1) assert.equal(await w.ids(), 'away')
  assert.equal(w.fetched.length, 1)
  w.clock.advance(5000)
  w.isAway = false
  assert.deepEqual(await w.ids(), ['a'])
})

test('another setting of the provider is another set', async () => {
  const w = world()
  await w.ids()
  await w.sets.find({ ...issuer, allowPrivateNetwork: true }, 'a')
  await w.sets.find({ ...issuer, caBundle: 'x' }, 'a')
  assert.equal(w.fetched.length, 6)
})

const configurations: readonly unknown[] = [
  'no JSON',
  '[]',
  'null',
  {},
  { issuer: 'https://evil.example', jwks_uri: `${url}/keys` },
  { issuer: `${url}/`, jwks_uri: `${url}/keys` },
  { jwks_uri: `${url}/keys` },
  { issuer: url },
  { issuer: url, jwks_uri: 7 },
  { issuer: url, jwks_uri: 'https://evil.example/keys' },
  { issuer: url, jwks_uri: 'https://issuer.example.evil.example/keys' },
  { issuer: url, jwks_uri: 'https://issuer.example@evil.example/keys' },
  { issuer: url, jwks_uri: 'http://issuer.example/keys' },
  { issuer: url, jwks_uri: 'https://issuer.example:8443/keys' },
  { issuer: url, jwks_uri: '/keys' },
]
for (const configuration of configurations) {
  test(`takes no keys from ${JSON.stringify(configuration)}`, async () => {
    const w = world()
    w.configuration = configuration
    assert.equal(typeof (await w.ids()), 'string')
    assert.equal(w.fetched.length, 1)
  })
}

test('a key set that is none is none', async () => {
  const w = world()
  for (const keys of [undefined, {}, 'x', Array.from({ length: 101 }, () => ({ kty: 'EC' }))]) {
    Object.assign(w, { keys })
    w.clock.advance(5000)
    assert.equal(await w.ids(), 'its key set is none')
  }
})

/** Source: RFC 9111 section 5.2.2. */
const lifetimes: readonly (readonly [header: string | undefined, minutes: number])[] = [
  [undefined, 5],
  ['', 5],
  ['max-age=0', 5],
  ['max-age=299', 5],
  ['max-age=600', 10],
  ['MAX-AGE=600', 10],
  ['public,max-age="600"', 10],
  ['max-age=600, max-age=7200', 10],
  ['max-age=99999999', 24 * 60],
  ['max-age=7200, no-cache', 5],
  ['no-store, max-age=7200', 5],
  ['max-age=-1', 5],
  ['max-age=1e9', 5],
  ['s-maxage=7200', 5],
  [`max-age=7200, ${'x'.repeat(1024)}`, 5],
]
for (const [header, minutes] of lifetimes) {
  test(`Cache-Control ${JSON.stringify(header?.slice(0, 40))} means ${minutes} minutes`, () => {
    assert.equal(keyLifetimeMs(header), minutes * minute)
  })
}
