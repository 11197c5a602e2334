import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../oci/digest.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { StorageFaultError, StorageFullError } from '../storage/storage-full.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { recordPull } from './find-manifest.ts'

const bytes = Buffer.from('{}')
const pulled = {
  digest: digestOf(bytes),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactType: undefined,
  subject: undefined,
  size: bytes.length,
  imageSize: 0,
  pushedAt: new Date(0),
  lastPulledAt: undefined,
  bytes,
  repositoryId: 1,
}

const account = parseAccountId('123456789012') ?? assert.fail()
const byRoot = { account, requester: { kind: 'root', account } } as const

for (const fault of [
  new StorageFullError({ cause: 'no space' }),
  new StorageFaultError({ cause: 'disk I/O error' }),
]) {
  test(`a pull goes on where it cannot be recorded: ${fault.message}`, async (t) => {
    const registry = await testRegistry(t)
    const database = { ...registry.database, transaction: async () => Promise.reject(fault) }
    await recordPull({ ...registry, database }, pulled, byRoot)
  })
}

test('a pull that cannot be recorded for another reason is a fault', async (t) => {
  const registry = await testRegistry(t)
  const transaction = async (): Promise<never> => Promise.reject(new Error('a bug'))
  const database = { ...registry.database, transaction }
  await assert.rejects(recordPull({ ...registry, database }, pulled, byRoot), /a bug/)
})
