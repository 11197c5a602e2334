// Keys that sign outlive the master key: they are sealed anew when it is rotated, and open under nothing older.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryKeySource } from '../../test/kit/master-key-source.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { openKeyring } from '../access/open-keyring.ts'
import { runRotation } from '../access/run-rotation.ts'
import { digestOf } from '../oci/digest.ts'
import { makePayload } from '../signatures/notation/payload.ts'
import { writeTimestampRequest } from '../signatures/x509/timestamp-protocol.ts'
import { embeddedKeys } from './embedded-keys.ts'
import { rootsInPem } from './installation-authority.ts'
import { signPayload } from './make-signature.ts'
import { makeNamedKey } from './named-keys.ts'
import { putProfile } from './profiles.ts'
import { signRevocationLists } from './revocation-lists.ts'
import { signWithNamedKey } from './sign-with-named-key.ts'
import { answerTimestampQuery } from './timestamp-authority.ts'

const { signal } = new AbortController()

test('after a rotation that drops the former master key every kind of key signs as before', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock, ids } = registry
  const source = memoryKeySource()
  const opened = { database, clock, ids, source }
  const keyring = await openKeyring(opened)
  const { account } = registry.repository
  const depsWith = (keys: ReturnType<typeof embeddedKeys>) => ({
    database,
    clock,
    ids,
    keys,
    region: 'us-east-1',
  })
  const before = depsWith(embeddedKeys({ ids, keyring }))
  const given = { mode: undefined, validity: undefined, tags: undefined, by: 'arn' }
  const defaults = { mode: 'portable', validity: { value: 12, type: 'MONTHS' } } as const
  await putProfile(before, { account, name: 'release', ...given }, defaults)
  await makeNamedKey(before, { account, name: 'ci', spec: 'EC-256', by: 'arn' })
  const query = writeTimestampRequest(Buffer.from('x'), { hash: 'sha256', nonce: ids.bytes(8) })
  await answerTimestampQuery(before, query)
  const roots = await database.transaction((tx) => rootsInPem(before, tx))

  const former = keyring.primaryId
  for await (const step of await runRotation(
    { ...opened, keyring },
    { endSessions: true },
    { signal },
  ))
    assert.notEqual(step.kind, 'failed')
  const sealed = await database.all('SELECT kind, sealed_under FROM signing_keys')
  assert.deepEqual(sealed.map((row) => String(row['kind'])).toSorted(), [
    'intermediate',
    'named',
    'profile',
    'root',
    'tsa',
    'tsa-root',
  ])
  for (const row of sealed) assert.notEqual(row['sealed_under'], former)

  // As a start with what the source gives now.
  const after = depsWith(embeddedKeys({ ids, keyring: await openKeyring(opened) }))
  const payload = makePayload({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from('image')),
    size: 5,
  })
  const by = { account, principal: 'arn' }
  await signPayload(after, { account, name: 'release' }, { payload, by })
  const input = { account, name: 'ci', payload, expiresInMs: undefined, by: 'arn' } as const
  await signWithNamedKey(after, { ...input, format: 'cose' })
  await answerTimestampQuery(after, query)
  await database.transaction((tx) => signRevocationLists(after, tx))
  await makeNamedKey(after, { account, name: 'young', spec: 'EC-256', by: 'arn' })
  assert.equal(await database.transaction((tx) => rootsInPem(after, tx)), roots)
})
