import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import type { Database } from '../storage/database/database.ts'
import { readReferrerPage, type ReferrerCursor } from './referrer-page.ts'
import type { ReferrerFilter } from './referrer-store.ts'
import { getRepository } from './repository-store.ts'

const subject = digestOf(Buffer.from('subject'))
const types = ['a/sbom', 'a/signature', 'a/other']

interface Row {
  readonly name: string
  readonly type: string
  readonly pushedAt: number
  readonly isArchived: boolean
}

async function place(t: TestContext): Promise<{ database: Database; repositoryId: number }> {
  const { database, repository } = await testRegistry(t)
  return { database, repositoryId: (await getRepository(database, repository)).id }
}

const digestOfName = (name: string): Digest => digestOf(Buffer.from(name))

async function refer(
  { database, repositoryId }: Awaited<ReturnType<typeof place>>,
  { name, type, pushedAt, isArchived }: Row,
  annotations = '{}',
): Promise<void> {
  const digest = digestOfName(name)
  await database.transaction(async (tx) => {
    await tx.run(
      `INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject_digest, image_size, pushed_at, pushed_by,
         annotations, size, bytes) VALUES ($1, $2, 'm/t', $3, $4, 0, $5, 'arn', $6, 2, $7)`,
      [repositoryId, digest, type, subject, pushedAt, annotations, Buffer.from('{}')],
    )
    if (!isArchived) return
    await tx.run(`INSERT INTO image_archivals VALUES ($1, $2, 'archived', 1, NULL)`, [
      repositoryId,
      digest,
    ])
  })
}

test('a page is cut where its entries would be more than clients read', async (t) => {
  const at = await place(t)
  const filler = JSON.stringify({ filler: 'x'.repeat(1_800_000) })
  for (const name of ['a', 'b', 'c'])
    await refer(at, { name, type: 'a/sbom', pushedAt: 5, isArchived: false }, filler)
  const filter: ReferrerFilter = { artifactTypes: [], archived: 'any' }
  const input = { repositoryId: at.repositoryId, subject, filter, limit: 50 }
  const first = await readReferrerPage(at.database, { ...input, before: undefined })
  assert.equal(first.referrers.length, 1)
  const second = await readReferrerPage(at.database, { ...input, before: first.next })
  assert.notEqual(second.referrers[0]?.digest, first.referrers[0]?.digest)
})

const row = fc.record({
  type: fc.constantFrom(...types),
  pushedAt: fc.integer({ min: 1, max: 4 }),
  isArchived: fc.boolean(),
})
/** What others do between two pages of a walk, to the referrer of that number. */
const change = fc.oneof(
  fc.record({ kind: fc.constantFrom('delete' as const, 'push again' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('push' as const), type: fc.constantFrom(...types) }),
)
const filters = fc.record({
  artifactTypes: fc.uniqueArray(fc.constantFrom(...types), { maxLength: 3 }),
  archived: fc.constantFrom('any' as const, 'only' as const, 'not' as const),
})

test('a walk meets each referrer that stays and passes exactly once, and none twice, whatever is pushed and deleted meanwhile', async (t) => {
  const at = await place(t)
  const { database, repositoryId } = at
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      fc.array(fc.array(change, { maxLength: 2 }), { maxLength: 8 }),
      filters,
      fc.integer({ min: 1, max: 3 }),
      async (made, changes, filter, limit) => {
        await database.transaction((tx) => tx.run('DELETE FROM manifests'))
        const rows = made.map((one, index): Row => ({ ...one, name: `r${index}` }))
        for (const one of rows) await refer(at, one)
        const unmoved = new Map(rows.map((one) => [digestOfName(one.name), one] as const))
        const met: Digest[] = []
        let before: ReferrerCursor | undefined
        for (let page = 0; page < 40; page += 1) {
          const input = { repositoryId, subject, filter, before, limit }
          const { referrers, next } = await readReferrerPage(database, input)
          assert.ok(referrers.length <= limit)
          met.push(...referrers.map(({ digest }) => digest))
          if (next === undefined) break
          before = next
          for (const [index, one] of (changes[page] ?? []).entries()) {
            const name = `p${page}.${index}`
            if (one.kind === 'push') {
              await refer(at, { name, type: one.type, pushedAt: 100 + page, isArchived: false })
              continue
            }
            const digest = digestOfName(rows[one.at % rows.length]?.name ?? '')
            unmoved.delete(digest)
            const sql =
              one.kind === 'delete'
                ? 'DELETE FROM manifests WHERE digest = $1'
                : `UPDATE manifests SET pushed_at = ${100 + page} WHERE digest = $1`
            await database.transaction((tx) => tx.run(sql, [digest]))
          }
        }
        assert.equal(new Set(met).size, met.length, 'none twice')
        const passes = ({ type, isArchived }: Row): boolean =>
          (filter.artifactTypes.length === 0 || filter.artifactTypes.includes(type)) &&
          (filter.archived === 'any' || (filter.archived === 'only') === isArchived)
        for (const [digest, one] of unmoved)
          assert.equal(met.includes(digest), passes(one), JSON.stringify(one))
      },
    ),
    { numRuns: fuzzRuns(40), seed: fuzzSeed() },
  )
})
