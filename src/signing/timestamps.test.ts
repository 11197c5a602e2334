// Signatures that nobody vouches for are stamped, or not made, or made without: as the settings say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownTimestamps, testSigning, type TestSigning } from '../../test/kit/signing.ts'
import { digestOf } from '../oci/digest.ts'
import type { OutboundFetch, OutboundLimits, OutboundResult } from '../lib/outbound-fetch.ts'
import { makePayload } from '../signatures/notation/payload.ts'
import { readEnvelope } from '../signatures/notation/read-envelope.ts'
import { verifyTimestampToken } from '../signatures/x509/timestamp-token.ts'
import { isSigningError } from './errors.ts'
import { makeNamedKey } from './named-keys.ts'
import { putProfile } from './profiles.ts'
import type { ProfileMode } from './rules/profile.ts'
import { signWithNamedKey } from './sign-with-named-key.ts'
import { signPayload } from './make-signature.ts'
import { obtainTimestamp } from '../signatures/x509/obtain-timestamp.ts'
import { remoteAuthority, type TimestampPolicy } from './timestamps.ts'

const payload = makePayload({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(Buffer.from('image')),
  size: 5,
})

async function putMode(at: TestSigning, name: string, mode: ProfileMode): Promise<void> {
  const given = { mode, validity: undefined, tags: undefined, by: 'arn' }
  const defaults = { mode, validity: { value: 12, type: 'MONTHS' } } as const
  await putProfile(at.deps, { account: at.own, name, ...given }, defaults)
}

async function signAs(
  at: TestSigning,
  name: string,
  timestamps: TimestampPolicy | undefined,
): ReturnType<typeof signPayload> {
  const by = { account: at.own, principal: 'arn' }
  return signPayload({ ...at.deps, timestamps }, { account: at.own, name }, { payload, by })
}

const away = async (): Promise<{ readonly kind: 'failed'; readonly reason: string }> =>
  Promise.resolve({ kind: 'failed', reason: 'nobody there' })

test('while the authority is away nothing is signed, or it is signed without a timestamp and told', async (t) => {
  const at = await testSigning(t)
  await putMode(at, 'release', 'portable')
  const { timestamping } = ownTimestamps(at.deps)
  const authorities = [{ name: 'http://tsa', ask: away }]
  const told: string[] = []
  const policy = {
    timestamping: { ...timestamping, authorities },
    onOmitted: (reason: string): void => void told.push(reason),
  }
  await assert.rejects(
    signAs(at, 'release', { ...policy, ifAway: 'fail' }),
    (error: unknown) =>
      isSigningError(error) &&
      error.code === 'SIGNING_TIMESTAMP_UNAVAILABLE' &&
      error.message.includes('http://tsa: nobody there'),
  )
  assert.deepEqual(await at.deps.database.all('SELECT id FROM signing_jobs'), [])
  const made = await signAs(at, 'release', { ...policy, ifAway: 'omit' })
  assert.equal(made.isStamped, false)
  assert.equal(told.length, 1)
  const read = readEnvelope(made.envelope, 'application/jose+json')
  assert.ok(read.kind === 'envelope' && read.envelope.timestamp === undefined)
})

test('the second authority is asked where the first is away; what leads to no root is no timestamp', async (t) => {
  const at = await testSigning(t)
  const { timestamping } = ownTimestamps(at.deps)
  const [own] = timestamping.authorities
  assert.ok(own !== undefined)
  const both = { ...timestamping, authorities: [{ name: 'first', ask: away }, own] }
  const signature = Buffer.from('signature')
  assert.equal((await obtainTimestamp(both, signature, 'sha384')).kind, 'token')
  const nobody = { ...both, roots: async () => Promise.resolve([]) }
  const refused = await obtainTimestamp(nobody, signature, 'sha384')
  assert.ok(refused.kind === 'none')
  assert.match(refused.reason, /^first: nobody there; own: .* leads to no root/)
})

test('an answer of before, over the same signature, is no timestamp', async (t) => {
  const at = await testSigning(t)
  const { timestamping } = ownTimestamps(at.deps)
  const [own] = timestamping.authorities
  assert.ok(own !== undefined)
  const signature = Buffer.from('signature')
  let kept: Awaited<ReturnType<typeof own.ask>> | undefined
  const replaying = {
    name: 'replaying',
    ask: async (query: Uint8Array) => (kept ??= await own.ask(query)),
  }
  const authorities = [replaying]
  assert.equal(
    (await obtainTimestamp({ ...timestamping, authorities }, signature, 'sha256')).kind,
    'token',
  )
  const again = await obtainTimestamp({ ...timestamping, authorities }, signature, 'sha256')
  assert.ok(again.kind === 'none')
  assert.match(again.reason, /of another request/)
})

test('portable profiles and named keys are stamped in both forms; what AWS’s plugin verifies is not', async (t) => {
  const at = await testSigning(t)
  const policy = ownTimestamps(at.deps)
  await putMode(at, 'release', 'portable')
  await putMode(at, 'plugin', 'aws-plugin')
  const portable = await signAs(at, 'release', policy)
  assert.equal(portable.isStamped, true)
  assert.equal((await signAs(at, 'plugin', policy)).isStamped, false)
  const account = at.own
  await makeNamedKey(at.deps, { account, name: 'ci', spec: 'EC-256', by: 'arn' })
  const key = { account, name: 'ci', payload, expiresInMs: undefined, by: 'arn' }
  const deps = { ...at.deps, timestamps: policy }
  const jws = await signWithNamedKey(deps, { ...key, format: 'jws' })
  const cose = await signWithNamedKey(deps, { ...key, format: 'cose' })
  const roots = await policy.timestamping.roots()
  for (const [made, type] of [
    [portable, 'application/jose+json'],
    [jws, 'application/jose+json'],
    [cose, 'application/cose'],
  ] as const) {
    const read = readEnvelope(made.envelope, type)
    assert.ok(read.kind === 'envelope' && read.envelope.timestamp !== undefined)
    const { timestamp, signature } = read.envelope
    const verified = verifyTimestampToken(timestamp, signature, { roots, strictExtensions: true })
    assert.ok(verified.kind === 'timestamp', JSON.stringify(verified))
    const now = at.registry.clock.now().getTime()
    assert.equal(verified.timestamp.genTime, Math.floor(now / 1000) * 1000)
  }
})

test('a remote authority is asked by POST within limits, and left alone for a minute when it does not answer', async (t) => {
  const at = await testSigning(t)
  const { clock } = at.registry
  const asked: { readonly url: string; readonly limits: OutboundLimits }[] = []
  let answer: OutboundResult = { kind: 'failed', reason: 'refused by the host' }
  const fetch: OutboundFetch = async (url, limits) => {
    asked.push({ url, limits })
    return Promise.resolve(answer)
  }
  const allowPrivateNetwork = false
  const plain = remoteAuthority(fetch, 'http://tsa.example', { allowPrivateNetwork, clock })
  const query = Buffer.from('query')
  assert.deepEqual(await plain.ask(query), { kind: 'failed', reason: 'refused by the host' })
  assert.deepEqual(asked[0]?.limits, {
    allowPrivateNetwork,
    maxBytes: 65_536,
    timeoutMs: 5000,
    post: { type: 'application/timestamp-query', bytes: query },
    isPlain: true,
  })
  answer = { kind: 'document', bytes: Buffer.from('answer'), cacheControl: undefined }
  const resting = await plain.ask(query)
  assert.deepEqual([resting.kind, asked.length], ['failed', 1])
  clock.advance(60_000)
  assert.equal((await plain.ask(query)).kind, 'answer')
  const secure = remoteAuthority(fetch, 'https://tsa.example', { allowPrivateNetwork, clock })
  await secure.ask(query)
  assert.equal(asked.at(-1)?.limits.isPlain, undefined)
})
