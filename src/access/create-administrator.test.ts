import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { testKeyring } from '../../test/kit/keyring.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import { createAdministrator } from './create-administrator.ts'
import type { NewAccessKey } from './new-access-key.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import { findAccessKey } from './access-key-store.ts'
import { accountExists } from './account-store.ts'
import { isAdministrator } from './principal-store.ts'
import { hasUsers } from './user-store.ts'

const account = accountOf('123456789012')

test('a key that could not be delivered leaves no user behind', async (t) => {
  const database = await temporaryDatabase(t)
  const accessKeyKey = (await testKeyring(database)).keysOf('access-key')
  const deps = { database, clock: fakeClock(), ids: systemIds, accessKeyKey }
  const deliver = async (): Promise<void> => Promise.reject(new Error('disk full'))
  await assert.rejects(createAdministrator(deps, { account, deliver }), /disk full/)
  assert.equal(await hasUsers(database), false)
  assert.equal(await accountExists(database, account), false)
})

test('makes one administrator with one key, once, and keeps the secret sealed', async (t) => {
  const database = await temporaryDatabase(t)
  const accessKeyKey = (await testKeyring(database)).keysOf('access-key')
  const deps = { database, clock: fakeClock(), ids: systemIds, accessKeyKey }
  const made: NewAccessKey[] = []
  const deliver = async (key: NewAccessKey): Promise<void> => {
    made.push(key)
    return Promise.resolve()
  }
  assert.equal(await createAdministrator(deps, { account, deliver }), 'created')
  assert.equal(await createAdministrator(deps, { account, deliver }), 'kept')
  const [key, ...more] = made
  assert.ok(key !== undefined && more.length === 0)
  assert.match(key.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.match(key.secretAccessKey, /^[A-Za-z0-9+/]{40}$/)
  const active = await findActiveAccessKey({ reader: database, accessKeyKey }, key.accessKeyId)
  assert.equal(active?.secret.reveal(), key.secretAccessKey)
  const { name, path, kind } = active.user
  assert.deepEqual(
    { account: active.user.account, name, path, kind },
    { account, name: 'admin', path: '/', kind: 'user' },
  )
  assert.equal(await isAdministrator(database, active.user.id), true)
  const stored = await findAccessKey(database, key.accessKeyId)
  assert.ok(stored !== undefined)
  assert.ok(!Buffer.from(stored.sealedSecret).includes(key.secretAccessKey))
})
