// Policies and material: what is refused, and what a change leaves behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pemOf, pki } from '../../test/kit/pki.ts'
import { newSigstore } from '../../test/kit/sigstore.ts'
import {
  addKey,
  administrator,
  keyPem,
  policyText,
  putPolicy,
  trustPlace,
  type TrustPlaceKit,
} from '../../test/kit/trust-place.ts'
import { listTrustMaterial, showTrustPolicy } from './describe-trust.ts'
import { isTrustError, type TrustErrorCode } from './errors.ts'
import { deleteTrustMaterial, putTrustMaterial } from './put-trust-material.ts'
import { deleteTrustPolicy, putTrustPolicy } from './put-trust-policy.ts'
import type { MaterialReference } from './rules/trust-policy.ts'

function refusal(code: TrustErrorCode, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isTrustError(error), String(error))
    assert.equal(error.code, code)
    assert.match(error.message, words)
    return true
  }
}

const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }

async function putFile(
  place: TrustPlaceKit,
  reference: MaterialReference,
  text: string,
  times: Partial<Record<keyof typeof window, number>> = {},
): ReturnType<typeof putTrustMaterial> {
  const { account } = place.repository
  return putTrustMaterial(place, {
    account,
    reference,
    text,
    window: { ...window, ...times },
    by: administrator,
  })
}

test('a policy is refused for what it says, for what it names, for its name and for another beside it', async (t) => {
  const place = await trustPlace(t)
  const { account } = place.repository
  const by = administrator
  const text = policyText('release', ['ci'])
  await assert.rejects(
    putTrustPolicy(place, { account, text: '{}', by }),
    refusal('TRUST_POLICY_INVALID', /name is missing/),
  )
  await assert.rejects(
    putTrustPolicy(place, { account, text, by }),
    refusal('TRUST_MATERIAL_UNKNOWN', /names what account 123456789012 does not have: key ci/),
  )
  await addKey(place, 'ci')
  await assert.rejects(
    putTrustPolicy(place, { account, text, name: 'other', by }),
    refusal('TRUST_POLICY_INVALID', /is of trust policy "release", not "other"/),
  )
  const scopes = { repositories: [], scopes: ['registry.example/app'] }
  await putPolicy(place, 'one', ['ci'], scopes)
  await assert.rejects(
    putPolicy(place, 'two', ['ci'], scopes),
    refusal('TRUST_POLICY_OVERLAPS', /registry\.example\/app is one of trust policy "one" too/),
  )
  await assert.rejects(
    deleteTrustPolicy(place, { account, name: 'two', by }),
    refusal('TRUST_POLICY_UNKNOWN', /no trust policy "two"/),
  )
})

test('versions say who put what when, and go on after a deletion', async (t) => {
  const place = await trustPlace(t)
  const { account } = place.repository
  await addKey(place, 'ci')
  assert.deepEqual((await putPolicy(place, 'release', ['ci'], { threshold: 2 })).version, 1)
  const second = await putPolicy(place, 'release', ['ci'])
  assert.deepEqual([second.version, second.changes], [2, ['- threshold 2', '+ threshold 1']])
  const gone = await deleteTrustPolicy(place, {
    account,
    name: 'release',
    by: 'arn:aws:iam::123456789012:user/other',
  })
  assert.equal(gone.version, 3)
  assert.ok(gone.changes.includes('- policy release'))
  await putPolicy(place, 'release', ['ci'])
  const { versions, text } = await showTrustPolicy(place.database, { account, name: 'release' })
  assert.deepEqual(
    versions.map(({ version, text: put, putBy }) => [
      version,
      put === undefined,
      putBy.split('/')[1],
    ]),
    [
      [4, false, 'admin'],
      [3, true, 'other'],
      [2, false, 'admin'],
      [1, false, 'admin'],
    ],
  )
  assert.equal(text, policyText('release', ['ci']))
})

test('what a policy names is not deleted; what none names is, and its numbers go on', async (t) => {
  const place = await trustPlace(t)
  const { account } = place.repository
  const reference = { kind: 'key', name: 'ci' } as const
  const by = administrator
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await assert.rejects(
    deleteTrustMaterial(place, { account, reference, by }),
    refusal('TRUST_MATERIAL_NAMED', /named by "release"/),
  )
  await deleteTrustPolicy(place, { account, name: 'release', by })
  assert.equal((await deleteTrustMaterial(place, { account, reference, by })).version, 2)
  await assert.rejects(
    deleteTrustMaterial(place, { account, reference, by }),
    refusal('TRUST_MATERIAL_UNKNOWN', /no key ci/),
  )
  assert.equal((await addKey(place, 'ci')).version, 3)
  const [listed] = await listTrustMaterial(place.database, { account, kind: 'key' })
  assert.deepEqual([listed?.version, listed?.policies], [3, []])
})

test('stores, keys and roots are read whole or refused', async (t) => {
  const place = await trustPlace(t)
  const made = pki()
  const store = { kind: 'store', name: 'ca:acme' } as const
  const root = pemOf(made.root.der)
  const added = await putFile(place, store, `a comment\n${root}`)
  assert.match(added.changes.join('\n'), /\+ certificate [0-9a-f]{64}/)
  const refused = async (
    reference: MaterialReference,
    text: string,
    words: RegExp,
  ): Promise<void> =>
    assert.rejects(putFile(place, reference, text), refusal('TRUST_MATERIAL_INVALID', words))
  await refused(store, 'nothing', /store ca:acme/)
  await refused(store, `${root}\n${keyPem('ci')}`, /no certificate/)
  await refused({ kind: 'store', name: 'ca' }, root, /is not the name of a store/)
  await refused(
    { kind: 'store', name: 'tsa:t' },
    pemOf(made.chain[1] ?? made.leaf.der),
    /not self-signed/,
  )
  await refused({ kind: 'key', name: '..' }, keyPem('ci'), /is no name/)
  await refused({ kind: 'key', name: 'ci' }, root, /only a PUBLIC KEY can be trusted/)
  await refused({ kind: 'key', name: 'ci' }, `${keyPem('a')}${keyPem('b')}`, /one public key/)
  await assert.rejects(
    putFile(place, { kind: 'key', name: 'ci' }, keyPem('ci'), { validFrom: 2, validUntil: 1 }),
    refusal('TRUST_MATERIAL_INVALID', /valid until before it is valid from/),
  )
  await refused({ kind: 'root', name: 'own' }, '{"mediaType":"x"}', /mediaType is "x"/)
  await refused({ kind: 'root', name: 'own' }, '{"mediaType":"a","mediaType":"b"}', /root own/)
  const sigstore = newSigstore(place.clock.now().getTime())
  await putFile(place, { kind: 'root', name: 'own' }, JSON.stringify(sigstore.trustedRoot))
})
