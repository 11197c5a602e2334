import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRegistry } from '../../test/kit/registry.ts'
import { digestOf } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { listSigningStatuses } from './list-signing-statuses.ts'
import { isSigningConfigurationError } from './signing-configuration-errors.ts'
import {
  deleteSigningConfiguration,
  getSigningConfiguration,
  putSigningConfiguration,
} from './signing-configuration.ts'

const by = 'arn:aws:iam::123456789012:user/admin'
const profile = (name: string): string =>
  `arn:aws:signer:us-east-1:123456789012:/signing-profiles/${name}`
const anImage = { subject: undefined }

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

test('no status ever looks as if something had signed', async (t) => {
  const registry = await testRegistry(t)
  const { database, repository } = registry
  const { account } = repository
  const statuses = async (image: Parameters<typeof listSigningStatuses>[2]): Promise<unknown> =>
    (await listSigningStatuses(database, repository, image)).map(
      ({ profileArn, state, failureCode }) => [profileArn, state, failureCode],
    )
  assert.deepEqual(await statuses(anImage), [], 'nothing is to sign it')
  const rules = [
    { profileArn: profile('one'), filters: ['prod/*', 'team/*'] },
    { profileArn: profile('two'), filters: undefined },
    { profileArn: profile('one'), filters: ['*'] },
    { profileArn: profile('three'), filters: ['team'] },
  ]
  await putSigningConfiguration(registry, { account, rules, by })
  const failed = (name: string): unknown => [profile(name), 'FAILED', 'SigningNotSupported']
  assert.deepEqual(await statuses(anImage), [failed('one'), failed('two')])
  const subject = digestOf(Buffer.from('image'))
  assert.deepEqual(await statuses({ subject }), [], 'a signature is not to be signed')
  const name = parseRepositoryName('elsewhere') ?? assert.fail()
  const elsewhere = await listSigningStatuses(database, { account, name }, anImage)
  assert.deepEqual(
    elsewhere.map(({ profileArn }) => profileArn),
    [profile('two'), profile('one')],
  )
})
