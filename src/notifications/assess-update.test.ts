import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { account, notifyingPlace, type NotifyingPlace } from '../../test/kit/notifications.ts'
import { insertImages } from '../../test/kit/image-builder.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { internHolding, postHolding } from '../scanning/holding-store.ts'
import { markPosted, putPackageSet } from '../scanning/package-set-store.ts'
import { insertPendingScan } from '../scanning/scan-store.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { findStorms } from './assess-update.ts'

const { signal } = new AbortController()

/** The place with every statement that reads noted. */
function watched(place: NotifyingPlace): {
  readonly deps: NotifyingPlace
  readonly asked: string[]
} {
  const asked: string[] = []
  const { database } = place
  const all: typeof database.all = (sql, parameters) => {
    asked.push(sql)
    return database.all(sql, parameters)
  }
  return { deps: { ...place, database: { ...database, all } }, asked }
}

test('what cannot be a storm for an account is not looked for in what others have', async (t) => {
  const { deps, asked } = watched(await notifyingPlace(t))
  const update = { accounts: [account], revision: 1, after: 0 }
  assert.deepEqual([...(await findStorms(deps, update, { signal }))], [])
  assert.deepEqual(asked, [])
})

function accountOf(id: string): AccountId {
  const parsed = parseAccountId(id)
  if (parsed === undefined) throw new Error('unreachable')
  return parsed
}

function digestOf(name: string): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`)
  if (digest === undefined) throw new Error('unreachable')
  return digest
}

/** Images of an account, of which the first `touched` hold the package. */
async function fill(
  tx: SqlWriter,
  { id, touched, setId }: { readonly id: string; readonly touched: number; readonly setId: number },
): Promise<void> {
  const repositoryId = Number(id.slice(-3))
  await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id])
  await tx.run(
    `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
     VALUES ($1, $2, 'app', 'MUTABLE', 1, 0)`,
    [repositoryId, id],
  )
  const digests = Array.from({ length: 60 }, (_, at) => digestOf(`${id} ${at}`))
  await insertImages(tx, repositoryId, digests)
  for (const [at, digest] of digests.entries()) {
    await insertPendingScan(tx, { repositoryId, digest }, new Date(0))
    if (at >= touched) continue
    await tx.run(
      'UPDATE image_scans SET package_set_id = $3 WHERE repository_id = $1 AND digest = $2',
      [repositoryId, digest, setId],
    )
  }
}

test('an update is gone through once for all accounts, however many it may be a storm for', async (t) => {
  const place = await notifyingPlace(t)
  const accounts = ['100000000101', '100000000102', '100000000103'].map(accountOf)
  await place.database.transaction(async (tx) => {
    const { id: setId } = await putPackageSet(tx, { hash: 'h', members: Uint8Array.of(1) })
    for (let packageId = 1; packageId <= 5; packageId += 1)
      await postHolding(tx, await internHolding(tx, { packageId, owners: [] }), setId)
    await markPosted(tx, setId)
    for (const [at, id] of accounts.entries()) await fill(tx, { id, setId, touched: 50 + at })
    for (let packageId = 1; packageId <= 5; packageId += 1)
      await tx.run(
        `INSERT INTO events (kind, account, resource, detail, at) VALUES ('FindingsChanged', '', 'package', $1, 0)`,
        [JSON.stringify({ packageId, revision: 1, opened: ['CVE-1'], closed: [], changed: [] })],
      )
  })
  const statements = async (of: readonly AccountId[]): Promise<number> => {
    const { deps, asked } = watched(place)
    const found = await findStorms(deps, { accounts: of, revision: 1, after: 0 }, { signal })
    // 50 images are no storm, 51 are.
    assert.deepEqual([...found].toSorted(), of.slice(1))
    return asked.length
  }
  assert.equal(await statements(accounts), await statements(accounts.slice(0, 1)))
})
