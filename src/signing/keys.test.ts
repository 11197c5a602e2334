// Keys that are kept here: what is told of them, what certifies them, and how they outlive the master key.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testSigning, type TestSigning } from '../../test/kit/signing.ts'
import { Keyring } from '../access/keyring.ts'
import { masterKeyOf } from '../access/rules/master-keys.ts'
import { makePayload } from '../signatures/notation/payload.ts'
import { readEnvelope } from '../signatures/notation/read-envelope.ts'
import { digestOf } from '../oci/digest.ts'
import { parseCertificate } from '../signatures/x509/certificate.ts'
import { faultOfChain } from '../signatures/x509/chain-rules.ts'
import { embeddedKeys } from './embedded-keys.ts'
import { isSigningError } from './errors.ts'
import { rootsInPem } from './installation-authority.ts'
import { keySpecs, type KeySpec } from './key-store.ts'
import { signPayload } from './make-signature.ts'
import { describeNamedKeys, makeNamedKey } from './named-keys.ts'
import { getProfile, putProfile } from './profiles.ts'
import { endOf, faultOfValidity } from './rules/profile.ts'
import { signWithNamedKey } from './sign-with-named-key.ts'

const payload = makePayload({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(Buffer.from('image')),
  size: 5,
})
const day = 86_400_000
const code =
  (name: string) =>
  (error: unknown): boolean =>
    isSigningError(error) && error.code === name

async function makeKey(at: TestSigning, name: string, spec: KeySpec): Promise<unknown> {
  return makeNamedKey(at.deps, { account: at.own, name, spec, by: 'arn' })
}

async function signBy(at: TestSigning, name: string, format: 'jws' | 'cose'): Promise<Uint8Array> {
  const input = { account: at.own, name, payload, format, expiresInMs: undefined, by: 'arn' }
  return (await signWithNamedKey(at.deps, input)).envelope
}

test('keys of every curve and the shortest RSA sign in both forms, under a chain that keeps the rules', async (t) => {
  const at = await testSigning(t)
  for (const spec of keySpecs.filter((one) => !/3072|4096/.test(one))) {
    await makeKey(at, spec, spec)
    for (const format of ['jws', 'cose'] as const) {
      const type = format === 'jws' ? 'application/jose+json' : 'application/cose'
      const read = readEnvelope(await signBy(at, spec, format), type)
      assert.ok(read.kind === 'envelope', spec)
      const chain = read.envelope.chain.map((der) => {
        const parsed = parseCertificate(der)
        assert.ok(parsed.kind === 'certificate')
        return parsed.certificate
      })
      assert.equal(faultOfChain(chain, 'codeSigning'), undefined)
      assert.equal(chain.length, 3)
    }
  }
})

test('a private part is in no answer, and in the database only sealed', async (t) => {
  const at = await testSigning(t)
  const made = await makeKey(at, 'ci', 'EC-384')
  const told = JSON.stringify([made, await describeNamedKeys(at.deps.database, at.own)])
  assert.doesNotMatch(told, /PRIVATE|secret/i)
  const rows = await at.deps.database.all('SELECT secret FROM signing_keys')
  assert.equal(rows.length, 3)
  // The beginning of PKCS #8 with the curve's name.
  const plain = Buffer.from('06052b81040022', 'hex')
  for (const row of rows) {
    assert.ok(row['secret'] instanceof Uint8Array)
    assert.equal(Buffer.from(row['secret']).indexOf(plain), -1)
  }
})

test('a name that is taken, or none, makes no key; another account has names of its own', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'ci', 'EC-256')
  await assert.rejects(makeKey(at, 'ci', 'EC-256'), code('SIGNING_KEY_EXISTS'))
  for (const name of ['', 'a b', '../x', 'x'.repeat(65)])
    await assert.rejects(makeKey(at, name, 'EC-256'), code('SIGNING_INPUT_INVALID'))
  await assert.rejects(signBy(at, 'other', 'jws'), code('SIGNING_KEY_UNKNOWN'))
  const foreign = {
    account: at.other,
    name: 'ci',
    payload,
    format: 'jws',
    expiresInMs: undefined,
    by: 'arn',
  } as const
  await assert.rejects(signWithNamedKey(at.deps, foreign), code('SIGNING_KEY_UNKNOWN'))
})

test('under another master key nothing is signed, and the refusal says why', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'ci', 'EC-256')
  const { database, ids } = at.deps
  const keyring = new Keyring([masterKeyOf(Buffer.alloc(32, 2))])
  const keys = embeddedKeys({ ids, keyring })
  const input = {
    account: at.own,
    name: 'ci',
    payload,
    format: 'jws',
    expiresInMs: undefined,
    by: 'arn',
  } as const
  const deps = { ...at.deps, database, keys }
  await assert.rejects(signWithNamedKey(deps, input), code('SIGNING_KEY_UNUSABLE'))
})

test('the root is made once; intermediates are renewed each year, and roots before they end', async (t) => {
  const at = await testSigning(t)
  const { database } = at.deps
  const kinds = async (kind: string): Promise<number> =>
    (await database.all('SELECT id FROM signing_keys WHERE kind = $1', [kind])).length
  const roots = async (): Promise<string> => database.transaction((tx) => rootsInPem(at.deps, tx))
  const first = await roots()
  assert.equal(first, await roots())
  assert.match(first, /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\n$/)
  at.registry.clock.advance(364 * day)
  await roots()
  assert.deepEqual([await kinds('root'), await kinds('intermediate')], [1, 1])
  at.registry.clock.advance(2 * day)
  assert.equal(await roots(), first)
  assert.deepEqual([await kinds('root'), await kinds('intermediate')], [1, 2])
  at.registry.clock.advance(7 * 366 * day)
  const later = await roots()
  assert.ok(later.startsWith(first) && later.length > first.length, 'the old one stays')
})

test('a version whose certificate nears its end is followed by another; the signature names it', async (t) => {
  const at = await testSigning(t)
  const address = { account: at.own, name: 'release' }
  const given = { mode: undefined, validity: undefined, tags: undefined, by: 'arn' }
  const defaults = { mode: 'portable', validity: { value: 3, type: 'MONTHS' } } as const
  const { version } = await putProfile(at.deps, { ...address, ...given }, defaults)
  const by = { account: at.own, principal: 'arn' }
  at.registry.clock.advance(290 * day)
  assert.equal((await signPayload(at.deps, address, { payload, by })).job.version, version)
  at.registry.clock.advance(3 * day)
  const { job } = await signPayload(at.deps, address, { payload, by })
  assert.notEqual(job.version, version)
  const renewed = await getProfile(at.deps.database, address)
  assert.deepEqual(renewed.current.validity, { value: 3, type: 'MONTHS' })
})

test('months end on the last day where they have no such day; what is too long or no number is refused', () => {
  const from = (text: string, value: number, type: 'DAYS' | 'MONTHS' | 'YEARS'): string =>
    endOf(new Date(text), { value, type }).toISOString()
  assert.equal(from('2026-01-31T10:00:00Z', 1, 'MONTHS'), '2026-02-28T10:00:00.000Z')
  assert.equal(from('2028-02-29T00:00:00Z', 1, 'YEARS'), '2029-02-28T00:00:00.000Z')
  assert.equal(from('2026-12-15T00:00:00Z', 2, 'MONTHS'), '2027-02-15T00:00:00.000Z')
  assert.equal(from('2026-12-31T00:00:00Z', 1, 'DAYS'), '2027-01-01T00:00:00.000Z')
  for (const value of [0, -1, 136, 1.5, NaN])
    assert.notEqual(faultOfValidity({ value, type: 'MONTHS' }), undefined)
  assert.equal(faultOfValidity({ value: 135, type: 'MONTHS' }), undefined)
})
