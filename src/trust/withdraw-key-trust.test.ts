// A named key that is revoked: what trusts its public part by itself ends with it, and nothing else does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testSigning, type TestSigning } from '../../test/kit/signing.ts'
import { makeNamedKey } from '../signing/named-keys.ts'
import { revokeNamedKey } from '../signing/revoke-key.ts'
import { putTrustMaterial } from './put-trust-material.ts'
import { putTrustPolicy } from './put-trust-policy.ts'
import { findMaterial } from './trust-material-store.ts'
import { findPolicyRow } from './trust-policy-store.ts'
import { withdrawKeyTrust } from './withdraw-key-trust.ts'

/** A named key whose public part the account trusts under the same name, and a policy on it. */
async function trustKey(at: TestSigning, name: string): Promise<void> {
  const { registry, deps, own: account } = at
  const made = await makeNamedKey(deps, { account, name, spec: 'EC-256', by: 'arn' })
  const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }
  const reference = { kind: 'key', name } as const
  await putTrustMaterial(registry, { account, reference, text: made.publicKey, window, by: 'arn' })
  const policy = {
    version: 1,
    name,
    repositories: ['*'],
    accept: [{ id: 'key', cosignKey: { keys: [name] } }],
  }
  await putTrustPolicy(registry, { account, text: JSON.stringify(policy), by: 'arn' })
}

async function stateOf(
  { deps: { database }, own }: TestSigning,
  name: string,
): Promise<readonly [revokedFrom: number | undefined, revision: number | undefined]> {
  const found = await findMaterial(database, own, { kind: 'key', name })
  const policy = await findPolicyRow(database, own, name)
  const material = found?.material
  return [material?.kind === 'key' ? material.revokedFrom : undefined, policy?.revision]
}

test('in the transaction of the revocation the key ends from the same moment on, and its policies are judged anew', async (t) => {
  const at = await testSigning(t)
  await trustKey(at, 'ci')
  await trustKey(at, 'other')
  const [before, others] = [await stateOf(at, 'ci'), await stateOf(at, 'other')]
  assert.equal(before[0], undefined)
  const now = at.registry.clock.now().getTime()
  const revoke = async (from: number): Promise<void> => {
    const input = { account: at.own, name: 'ci', from: new Date(from), reason: 'x', by: 'arn' }
    await revokeNamedKey({ ...at.deps, onKeyRevoked: withdrawKeyTrust }, input)
  }
  await revoke(now)
  const [from, revision = 0] = await stateOf(at, 'ci')
  assert.equal(from, now)
  assert.ok(revision > (before[1] ?? 0))
  assert.deepEqual(await stateOf(at, 'other'), others)
  await revoke(now - 1000)
  assert.equal((await stateOf(at, 'ci'))[0], now - 1000)
})
