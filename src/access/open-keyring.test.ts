import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { memoryKeySource } from '../../test/kit/master-key-source.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import type { MasterKeySource } from '../storage/master-key/master-key-source.ts'
import { createAdministrator } from './create-administrator.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import type { Keyring } from './keyring.ts'
import type { NewAccessKey } from './new-access-key.ts'
import { isMasterKeyError, type MasterKeyErrorCode } from './master-key-errors.ts'
import { openKeyring, type MasterKeyDeps } from './open-keyring.ts'
import { deriveKey } from './rules/seal.ts'

const [first, second, third] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('base64'))
assert.ok(first !== undefined && second !== undefined && third !== undefined)

function refusal(code: MasterKeyErrorCode, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isMasterKeyError(error), String(error))
    assert.equal(error.code, code)
    assert.match(error.message, words)
    for (const key of [first, second, third]) assert.ok(!error.message.includes(String(key)))
    return true
  }
}

async function world(t: TestContext): Promise<Omit<MasterKeyDeps, 'source'>> {
  return { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
}

async function administrator(
  deps: Omit<MasterKeyDeps, 'source'>,
  keyring: Keyring,
): Promise<NewAccessKey> {
  const made: NewAccessKey[] = []
  await createAdministrator(
    { ...deps, accessKeyKey: keyring.keysOf('access-key') },
    {
      account: accountOf('123456789012'),
      deliver: async (key) => Promise.resolve(void made.push(key)),
    },
  )
  const [key] = made
  assert.ok(key !== undefined)
  return key
}

const texts: readonly (readonly [text: string, why: string])[] = [
  ['', 'nothing'],
  ['short', 'no key'],
  [Buffer.alloc(31).toString('base64'), '31 bytes'],
  [Buffer.alloc(33).toString('base64'), '33 bytes'],
  ['0'.repeat(62), '31 bytes in hexadecimal'],
  [`${first}\nnonsense`, 'a second line that is none'],
  [Array.from({ length: 9 }, (_, at) => Buffer.alloc(32, at).toString('hex')).join('\n'), 'nine'],
]
for (const [text, why] of texts) {
  test(`a source that holds ${why} is refused without showing it`, async (t) => {
    const deps = { ...(await world(t)), source: memoryKeySource(text) }
    await assert.rejects(
      openKeyring(deps),
      refusal('MASTER_KEY_UNREADABLE', /^the test’s source holds no master key/),
    )
  })
}

test('a database that was sealed is not opened with a fresh key, and none is made for it', async (t) => {
  const deps = await world(t)
  const source = memoryKeySource(first)
  await openKeyring({ ...deps, source })
  source.text = undefined
  const missing = refusal(
    'MASTER_KEY_ABSENT',
    /there is no master key the test’s source.*put the file back/,
  )
  await assert.rejects(openKeyring({ ...deps, source }), missing)
  assert.equal(source.text, undefined)
})

test('a source that must give a key and gives none is refused', async (t) => {
  const source = memoryKeySource(undefined, 'command')
  const none = refusal('MASTER_KEY_UNREADABLE', /gives no master key/)
  await assert.rejects(openKeyring({ ...(await world(t)), source }), none)
})

test('a database that was sealed under another key is refused with the names of both', async (t) => {
  const deps = await world(t)
  const { primaryId } = await openKeyring({ ...deps, source: memoryKeySource(first) })
  const other = { ...deps, source: memoryKeySource(second) }
  const words = new RegExp(`sealed under another master key, ${primaryId}; given was [0-9a-f]{16}`)
  await assert.rejects(openKeyring(other), refusal('MASTER_KEY_ABSENT', words))
  // Nothing was changed.
  await openKeyring({ ...deps, source: memoryKeySource(first) })
})

test('a record of a key that was altered is refused', async (t) => {
  const deps = { ...(await world(t)), source: memoryKeySource(first) }
  await openKeyring(deps)
  await deps.database.transaction((tx) => tx.run(`UPDATE master_keys SET check_value = x'00'`))
  await assert.rejects(openKeyring(deps), refusal('MASTER_KEY_ABSENT', /damaged/))
})

test('a first start makes one key, and the next start has the same', async (t) => {
  const deps = { ...(await world(t)), source: memoryKeySource() }
  const { primaryId } = await openKeyring(deps)
  assert.match(deps.source.text ?? '', /^[A-Za-z0-9+/]{43}=\n$/)
  assert.equal((await openKeyring(deps)).primaryId, primaryId)
})

test('base64 and hexadecimal of the same bytes are the same key', async (t) => {
  const deps = await world(t)
  const { primaryId } = await openKeyring({ ...deps, source: memoryKeySource(first) })
  for (const text of [Buffer.alloc(32, 1).toString('hex').toUpperCase(), `${first.slice(0, -1)}\n`])
    assert.equal(
      (await openKeyring({ ...deps, source: memoryKeySource(text) })).primaryId,
      primaryId,
    )
})

test('a new key before the old one is the primary from then on; the old one alone is refused', async (t) => {
  const deps = await world(t)
  const source = memoryKeySource(first)
  const before = await openKeyring({ ...deps, source })
  const key = await administrator(deps, before)
  source.text = `${second} ${first}`
  const keyring = await openKeyring({ ...deps, source })
  assert.equal(keyring.masters.length, 2)
  assert.notEqual(keyring.primaryId, before.primaryId)
  const accessKeyKey = keyring.keysOf('access-key')
  const found = await findActiveAccessKey({ reader: deps.database, accessKeyKey }, key.accessKeyId)
  assert.equal(found?.secret.reveal(), key.secretAccessKey)
  // A record still needs the old one, so the new one alone is refused too.
  for (const text of [first, second, third])
    await assert.rejects(
      openKeyring({ ...deps, source: memoryKeySource(text) }),
      refusal('MASTER_KEY_ABSENT', /sealed under another/),
    )
})

test('a key that the database never knew is in no use as a previous one', async (t) => {
  const deps = await world(t)
  await openKeyring({ ...deps, source: memoryKeySource(first) })
  const keyring = await openKeyring({ ...deps, source: memoryKeySource(`${first}\n${third}`) })
  assert.equal(keyring.masters.length, 1)
})

/** As a database of schema 8 holds it. */
async function sealFirstForm(
  { database }: Omit<MasterKeyDeps, 'source'>,
  { accessKeyId, secretAccessKey }: NewAccessKey,
): Promise<void> {
  const [{ key }] = deriveKey(Buffer.from(String(first), 'base64'), 'access-key').inUse()
  const nonce = systemIds.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(accessKeyId))
  const box = [nonce, cipher.update(secretAccessKey), cipher.final(), cipher.getAuthTag()]
  await database.transaction(async (tx) => {
    await tx.run('UPDATE access_keys SET secret = $1, sealed_under = NULL', [Buffer.concat(box)])
    await tx.run('DELETE FROM master_keys')
  })
}

test('a database of the time before keys had names is opened by its own key alone', async (t) => {
  const deps = await world(t)
  const open = async (source: MasterKeySource): Promise<Keyring> => openKeyring({ ...deps, source })
  const key = await administrator(deps, await open(memoryKeySource(first)))
  await sealFirstForm(deps, key)
  await assert.rejects(open(memoryKeySource(second)), refusal('MASTER_KEY_ABSENT', /another/))
  await assert.rejects(open(memoryKeySource()), refusal('MASTER_KEY_ABSENT', /put the file back/))
  const accessKeyKey = (await open(memoryKeySource(first))).keysOf('access-key')
  const found = await findActiveAccessKey({ reader: deps.database, accessKeyKey }, key.accessKeyId)
  assert.equal(found?.secret.reveal(), key.secretAccessKey)
})
