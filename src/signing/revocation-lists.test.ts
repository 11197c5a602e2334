// Keys that are not to be believed any more: the lists that say so, and what cannot be taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testSigning, type TestSigning } from '../../test/kit/signing.ts'
import { digestOf } from '../oci/digest.ts'
import { makePayload } from '../signatures/notation/payload.ts'
import { parseCertificate, type Certificate } from '../signatures/x509/certificate.ts'
import { readCrl, type RevocationList } from '../signatures/x509/crl.ts'
import { judgeRevocation } from '../signatures/x509/revocation.ts'
import type { AuthorityDeps } from './authority-keys.ts'
import { isSigningError } from './errors.ts'
import { listUrl } from './installation-authority.ts'
import { describeNamedKeys, makeNamedKey, requireNamedKey } from './named-keys.ts'
import { readRevocationList, signRevocationLists } from './revocation-lists.ts'
import { revokeNamedKey } from './revoke-key.ts'
import { signWithNamedKey } from './sign-with-named-key.ts'
import { listIssuers } from './signing-key-store.ts'

const day = 86_400_000
const code =
  (name: string) =>
  (error: unknown): boolean =>
    isSigningError(error) && error.code === name

async function makeKey(at: TestSigning, name: string, crlUrl?: string): Promise<void> {
  const deps: AuthorityDeps & Pick<TestSigning['deps'], 'database'> = { ...at.deps, crlUrl }
  await makeNamedKey(deps, { account: at.own, name, spec: 'EC-256', by: 'arn' })
}

async function revoke(at: TestSigning, name: string, from: Date): Promise<void> {
  const onKeyRevoked = async (): Promise<void> => Promise.resolve()
  const input = { account: at.own, name, from, reason: 'stolen', by: 'arn' }
  await revokeNamedKey({ ...at.deps, onKeyRevoked }, input)
}

async function chainOf(at: TestSigning, name: string): Promise<readonly Certificate[]> {
  const { chain } = await requireNamedKey(at.deps.database, at.own, name)
  return chain.map((der) => {
    const parsed = parseCertificate(der)
    assert.ok(parsed.kind === 'certificate')
    return parsed.certificate
  })
}

async function listFor(at: TestSigning, name: string): Promise<RevocationList> {
  const [issuer] = await listIssuers(at.deps.database)
  const bytes = await readRevocationList(at.deps, issuer?.id ?? '')
  const [certificate, by] = await chainOf(at, name)
  assert.ok(bytes !== undefined && certificate !== undefined && by !== undefined)
  const read = readCrl(bytes, { certificate, issuer: by, url: 'http://x/' })
  assert.ok(read.kind === 'list', read.kind === 'unusable' ? read.detail : '')
  return read.list
}

test('a moment that has not come, one that gives back, and a key that is not there are refused', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'ci')
  const now = at.registry.clock.now()
  await assert.rejects(revoke(at, 'ci', new Date(now.getTime() + 1)), code('SIGNING_INPUT_INVALID'))
  await assert.rejects(revoke(at, 'none', now), code('SIGNING_KEY_UNKNOWN'))
  await revoke(at, 'ci', now)
  await assert.rejects(revoke(at, 'ci', now), code('SIGNING_CONFLICT'))
  const earlier = new Date(now.getTime() - day)
  await revoke(at, 'ci', earlier)
  const [key] = await describeNamedKeys(at.deps.database, at.own)
  assert.deepEqual(key?.revokedFrom, earlier)
})

test('a revoked key signs nothing more, and another does', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'ci')
  await makeKey(at, 'other')
  await revoke(at, 'ci', at.registry.clock.now())
  const payload = makePayload({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from('image')),
    size: 5,
  })
  const input = {
    account: at.own,
    payload,
    format: 'jws',
    expiresInMs: undefined,
    by: 'a',
  } as const
  const sign = signWithNamedKey(at.deps, { ...input, name: 'ci' })
  await assert.rejects(sign, code('SIGNING_KEY_REVOKED'))
  await signWithNamedKey(at.deps, { ...input, name: 'other' })
})

test('the list has what is revoked and nothing else, is of the issuer, and is good for seven days', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'ci')
  await makeKey(at, 'other')
  const first = await listFor(at, 'ci')
  assert.deepEqual([first.entry, first.number], [undefined, 1n])
  const from = new Date('2026-01-02T03:04:05Z')
  await revoke(at, 'ci', from)
  const { entry, number, thisUpdate, nextUpdate } = await listFor(at, 'ci')
  const now = at.registry.clock.now().getTime()
  assert.deepEqual(entry, { revokedAt: now, reason: 0, invalidityDate: from.getTime() })
  assert.deepEqual([number, thisUpdate, nextUpdate - thisUpdate], [2n, now, 7 * day])
  assert.equal((await listFor(at, 'other')).entry, undefined)
  at.registry.clock.advance(day)
  await at.deps.database.transaction((tx) => signRevocationLists(at.deps, tx))
  const daily = await listFor(at, 'ci')
  assert.deepEqual([daily.number, daily.entry], [3n, entry])
  assert.equal(await readRevocationList(at.deps, 'nobody'), undefined)
})

test('certificates name their list only where it has an address, and who reads it there finds them revoked', async (t) => {
  const at = await testSigning(t)
  await makeKey(at, 'silent')
  await makeKey(at, 'telling', 'http://registry.test')
  assert.deepEqual((await chainOf(at, 'silent'))[0]?.crlUrls, [])
  const chain = await chainOf(at, 'telling')
  const [issuer] = await listIssuers(at.deps.database)
  const url = listUrl('http://registry.test', issuer?.id ?? '')
  assert.deepEqual(chain[0]?.crlUrls, [url])
  const judged = async (): Promise<string> => {
    const list = await readRevocationList(at.deps, issuer?.id ?? '')
    const answers = new Map([[`crl ${url}`, list ?? ('unavailable' as const)]])
    return judgeRevocation(chain, { answers, now: at.registry.clock.now().getTime() }).kind
  }
  assert.equal(await judged(), 'good')
  await revoke(at, 'telling', at.registry.clock.now())
  assert.equal(await judged(), 'revoked')
})
