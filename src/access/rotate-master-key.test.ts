import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock, type FakeClock } from '../../test/kit/fake-clock.ts'
import { memoryKeySource } from '../../test/kit/master-key-source.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import type { Database } from '../storage/database/database.ts'
import { makeAuthorizationToken, readAuthorizationToken } from './authorization-token.ts'
import { refreshLifetimeMs } from './bearer-token.ts'
import { describeMasterKeys } from './describe-master-keys.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import { Keyring } from './keyring.ts'
import { isMasterKeyError, type MasterKeyErrorCode } from './master-key-errors.ts'
import { openKeyring } from './open-keyring.ts'
import { insertAccessKey } from './access-key-store.ts'
import { insertAccount } from './account-store.ts'
import { insertUser } from './user-store.ts'
import { parseMasterKeys } from './rules/master-keys.ts'
import { sealSecret } from './rules/seal-secret.ts'
import { finishRotations, type RotationDeps } from './rotate-master-key.ts'
import { runRotation, type RotationStep } from './run-rotation.ts'
import { storedKey } from './stored-key.ts'

const { signal } = new AbortController()
const recordCount = 230
const idOf = (at: number): string => `AKIA${String(at).padStart(16, '0')}`

interface World extends RotationDeps {
  readonly clock: FakeClock
  readonly source: ReturnType<typeof memoryKeySource>
}

async function world(t: TestContext): Promise<World> {
  const database = await temporaryDatabase(t)
  const deps = { database, clock: fakeClock(), ids: systemIds, source: memoryKeySource() }
  const keyring = await openKeyring(deps)
  await database.transaction(async (tx) => {
    const account = accountOf('123456789012')
    await insertAccount(tx, account, deps.clock.now())
    const createdAt = deps.clock.now()
    const plain = { kind: 'user', path: '/', boundaryArn: undefined } as const
    await insertUser(tx, { ...plain, id: 'AIDA1', account, name: 'dev', createdAt })
  })
  await addKeys(
    { ...deps, keyring },
    Array.from({ length: recordCount }, (_, at) => idOf(at)),
  )
  await storedKey({ ...deps, keyring }, 'test')
  return { ...deps, keyring }
}

async function addKeys(
  { database, clock, ids, keyring }: RotationDeps,
  all: readonly string[],
): Promise<void> {
  const keys = keyring.keysOf('access-key')
  await database.transaction(async (tx) => {
    for (const id of all) {
      const place = { table: 'access_keys', row: id } as const
      const sealedSecret = sealSecret(keys, ids.bytes(12), place, Buffer.from(`secret of ${id}`))
      await insertAccessKey(tx, { id, userId: 'AIDA1', sealedSecret }, clock.now())
    }
  })
}

async function requireAllOpen({ database, keyring }: RotationDeps): Promise<void> {
  const deps = { reader: database, accessKeyKey: keyring.keysOf('access-key') }
  for (let at = 0; at < recordCount; at += 1) {
    assert.equal(
      (await findActiveAccessKey(deps, idOf(at)))?.secret.reveal(),
      `secret of ${idOf(at)}`,
    )
  }
}

function refusal(code: MasterKeyErrorCode): (error: unknown) => boolean {
  return (error) => isMasterKeyError(error) && error.code === code
}

async function rotate(deps: RotationDeps, endSessions = false): Promise<readonly RotationStep[]> {
  const steps: RotationStep[] = []
  for await (const step of await runRotation(deps, { endSessions }, { signal })) steps.push(step)
  return steps
}

test('a source that is not the server’s and still gives the same key is refused', async (t) => {
  const deps = await world(t)
  const source = memoryKeySource(deps.source.text, 'environment')
  await assert.rejects(rotate({ ...deps, source }), refusal('MASTER_KEY_UNCHANGED'))
  await requireAllOpen(deps)
})

test('a source that lost the key in use is refused, and nothing is changed', async (t) => {
  const deps = await world(t)
  const kept = deps.source.text
  for (const text of [undefined, '', Buffer.alloc(32, 9).toString('base64')]) {
    deps.source.text = text
    await assert.rejects(rotate(deps), isMasterKeyError)
    assert.equal(deps.source.text, text)
  }
  deps.source.text = kept
  await requireAllOpen({ ...deps, keyring: await openKeyring(deps) })
})

test('a file that cannot be written is a refusal that says so, and changes nothing', async (t) => {
  const deps = await world(t)
  const before = deps.keyring.primaryId
  const write = async (): Promise<void> =>
    Promise.reject(Object.assign(new Error('read-only'), { code: 'EROFS' }))
  const broken = { ...deps, source: { ...deps.source, write } }
  await assert.rejects(rotate(broken), /the file of the master key cannot be written \(EROFS\)/)
  assert.equal(deps.keyring.primaryId, before)
})

test('rotations that leave more than seven previous keys are refused', async (t) => {
  const deps = await world(t)
  for (let times = 0; times < 7; times += 1) await rotate(deps)
  await assert.rejects(rotate(deps), refusal('MASTER_KEYS_TOO_MANY'))
  deps.clock.advance(refreshLifetimeMs)
  await finishRotations(deps, { signal })
  assert.equal(deps.keyring.masters.length, 1)
  await rotate(deps)
  await requireAllOpen(deps)
})

test('every record is sealed under the new key, piece by piece, and opens as before', async (t) => {
  const deps = await world(t)
  const before = deps.keyring.primaryId
  const stored = await storedKey(deps, 'test')
  const [start, ...steps] = await rotate(deps)
  const { primaryId } = deps.keyring
  assert.deepEqual(start, { kind: 'primary', primary: primaryId, previous: before })
  const counts = steps.map((step) => (step.kind === 'resealed' ? step.records : step.kind))
  assert.deepEqual(counts, [100, 200, 230, 231, 'done'])
  const { keys, unnamedRecords } = await describeMasterKeys({ ...deps, reader: deps.database })
  assert.deepEqual(
    keys.map(({ id, state, records }) => [id, state, records]),
    [
      [primaryId, 'primary', recordCount + 1],
      [before, 'previous', 0],
    ],
  )
  assert.equal(unnamedRecords, 0)
  await requireAllOpen(deps)
  assert.ok(stored.equals(await storedKey(deps, 'test')))
  await requireAllOpen({ ...deps, keyring: await openKeyring(deps) })
})

function claimsUntil(issuedAt: Date, ms: number) {
  const expiresAt = new Date(issuedAt.getTime() + ms)
  const owner = { principalId: 'AIDA1', accessKeyId: idOf(1) }
  return { ...owner, issuedAt, expiresAt, session: undefined }
}

test('tokens made before open until the last could have ended; then the old key goes everywhere', async (t) => {
  const deps = await world(t)
  const old = deps.keyring.primaryId
  const keys = deps.keyring.keysOf('ecr-token')
  const claims = claimsUntil(deps.clock.now(), 2 * refreshLifetimeMs)
  const token = makeAuthorizationToken(keys, systemIds.bytes(12), claims)
  const reading = (): string => readAuthorizationToken(keys, token, deps.clock.now()).kind
  await rotate(deps)
  deps.clock.advance(refreshLifetimeMs - 1)
  await finishRotations(deps, { signal })
  assert.equal(reading(), 'valid')
  deps.clock.advance(1)
  await finishRotations(deps, { signal })
  assert.equal(reading(), 'invalid')
  assert.equal(parseMasterKeys(deps.source.text ?? '')?.length, 1)
  const { keys: kept } = await describeMasterKeys({ ...deps, reader: deps.database })
  assert.deepEqual(kept.map(({ id }) => id).includes(old), false)
})

test('with endSessions the old key goes at once, and its tokens with it', async (t) => {
  const deps = await world(t)
  const old = deps.keyring.primaryId
  const keys = deps.keyring.keysOf('ecr-token')
  const claims = claimsUntil(deps.clock.now(), 1000)
  const token = makeAuthorizationToken(keys, systemIds.bytes(12), claims)
  const last = (await rotate(deps, true)).at(-1)
  assert.ok(last?.kind === 'done')
  assert.deepEqual(last.dropped, [old])
  assert.equal(readAuthorizationToken(keys, token, deps.clock.now()).kind, 'invalid')
  assert.equal(parseMasterKeys(deps.source.text ?? '')?.length, 1)
  await requireAllOpen(deps)
})

test('a record that no key opens keeps the old key, and is told', async (t) => {
  const deps = await world(t)
  await deps.database.transaction((tx) =>
    tx.run(`UPDATE access_keys SET secret = x'0102' WHERE id = $1`, [idOf(7)]),
  )
  const steps = await rotate(deps, true)
  const resealed = steps.findLast((step) => step.kind === 'resealed')
  assert.ok(resealed?.kind === 'resealed')
  assert.deepEqual([resealed.records, resealed.unopened], [recordCount, 1])
  assert.equal(deps.keyring.masters.length, 2)
})

test('a row that carries another row’s secret opens nothing', async (t) => {
  const deps = await world(t)
  await deps.database.transaction((tx) =>
    tx.run(
      'UPDATE access_keys SET secret = (SELECT secret FROM access_keys WHERE id = $1) WHERE id = $2',
      [idOf(1), idOf(2)],
    ),
  )
  const keys = { reader: deps.database, accessKeyKey: deps.keyring.keysOf('access-key') }
  assert.equal(await findActiveAccessKey(keys, idOf(2)), undefined)
})

test('a key of our own that opens under no master key is said, and not made anew', async (t) => {
  const deps = await world(t)
  await deps.database.transaction((tx) => tx.run(`UPDATE stored_keys SET secret = x'0102'`))
  await assert.rejects(storedKey(deps, 'test'), refusal('MASTER_KEY_ABSENT'))
  assert.ok(!(await storedKey(deps, 'other')).equals(await storedKey(deps, 'another')))
})

test('what was sealed before a key was dropped cannot be written after', async (t) => {
  const deps = await world(t)
  const place = { table: 'access_keys', row: 'AKIALATE' } as const
  const keys = deps.keyring.keysOf('access-key')
  const sealedSecret = sealSecret(keys, systemIds.bytes(12), place, Buffer.from('late'))
  await rotate(deps, true)
  const late = { id: 'AKIALATE', userId: 'AIDA1', sealedSecret }
  await assert.rejects(
    deps.database.transaction((tx) => insertAccessKey(tx, late, deps.clock.now())),
    /FOREIGN KEY/,
  )
})

test('two rotations at once are one after the other, and lose nothing', async (t) => {
  const deps = await world(t)
  await Promise.all([rotate(deps), rotate(deps), addKeys(deps, ['AKIANEW'])])
  assert.equal(deps.keyring.masters.length, 3)
  await finishRotations(deps, { signal })
  const { keys } = await describeMasterKeys({ ...deps, reader: deps.database })
  assert.deepEqual(
    keys.map(({ records }) => records),
    [recordCount + 2, 0, 0],
  )
})

test('a key that was put first into the file by hand is taken instead of a made one', async (t) => {
  const deps = await world(t)
  const byHand = Buffer.alloc(32, 77).toString('hex')
  deps.source.text = `${byHand}\n${deps.source.text ?? ''}`
  await rotate(deps)
  assert.equal(deps.keyring.primaryId, parseMasterKeys(byHand)?.[0].id)
})

/** Lets so many steps happen, and then nothing more: each change of source and database is one before and one after it. */
function dying(deps: World, steps: number): World {
  let left = steps
  const step = (): void => {
    left -= 1
    if (left < 0) throw new Error('dead')
  }
  const database: Database = {
    ...deps.database,
    transaction: async (work, options) => {
      step()
      const result = await deps.database.transaction(work, options)
      step()
      return result
    },
  }
  const write: World['source']['write'] = async (text) => {
    step()
    await deps.source.write?.(text)
    step()
  }
  return {
    ...deps,
    database,
    source: Object.assign(Object.create(deps.source), { write }) as World['source'],
  }
}

for (const endSessions of [false, true]) {
  test(`killed between any two steps, the next start goes on (end sessions: ${endSessions})`, async (t) => {
    let survived = false
    for (let steps = 0; !survived; steps += 1) {
      const deps = await world(t)
      try {
        await rotate(dying(deps, steps), endSessions)
        survived = true
      } catch (error) {
        assert.ok(error instanceof Error && error.message === 'dead', String(error))
      }
      const keyring = await openKeyring(deps)
      const next = { ...deps, keyring: new Keyring(keyring.masters) }
      await requireAllOpen(next)
      await finishRotations(next, { signal })
      await requireAllOpen(next)
      deps.clock.advance(refreshLifetimeMs)
      await finishRotations(next, { signal })
      await requireAllOpen(next)
      const { keys } = await describeMasterKeys({ ...deps, reader: deps.database })
      assert.equal(keys.length, 1, `killed after ${steps} steps`)
      assert.equal(keys[0]?.records, recordCount + 1)
      assert.equal(parseMasterKeys(deps.source.text ?? '')?.length, 1)
    }
  })
}
