import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRegistry } from '../../test/kit/registry.ts'
import { isSigningConfigurationError } from './signing-configuration-errors.ts'
import {
  deleteSigningConfiguration,
  getSigningConfiguration,
  putSigningConfiguration,
} from './signing-configuration.ts'

const by = 'arn:aws:iam::123456789012:user/admin'
const profile = (name: string): string =>
  `arn:aws:signer:us-east-1:123456789012:/signing-profiles/${name}`

test('what was never put is not found, to read or to delete; what is put replaces the whole', async (t) => {
  const registry = await testRegistry(t)
  const { database, repository } = registry
  const { account } = repository
  const unknown = (error: unknown): boolean => isSigningConfigurationError(error)
  await assert.rejects(getSigningConfiguration(database, account), unknown)
  await assert.rejects(deleteSigningConfiguration(registry, account), unknown)
  const first = [{ profileArn: profile('one'), filters: ['prod/*'] }]
  await putSigningConfiguration(registry, { account, rules: first, by })
  assert.deepEqual(await getSigningConfiguration(database, account), first)
  const second = [{ profileArn: profile('two'), filters: undefined }]
  await putSigningConfiguration(registry, { account, rules: second, by })
  assert.deepEqual(await deleteSigningConfiguration(registry, account), second)
  await assert.rejects(getSigningConfiguration(database, account), unknown)
})
