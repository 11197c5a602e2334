import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import {
  digestOfName,
  holdImage,
  holdingPlace,
  settle,
  type HeldPackage,
  type HoldingPlace,
} from '../../test/kit/holding-place.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { awaitEvaluation } from './await-evaluation.ts'
import { findImages, type FindImagesInput, type FoundImages } from './find-images.ts'
import { parseVersionRange } from './rules/version-range.ts'
import { openSuppressions } from './suppressions.ts'

function accountOf(text: string): AccountId {
  const account = parseAccountId(text)
  if (account === undefined) throw new Error(`${text} is no account`)
  return account
}

const ours = accountOf('123456789012')
const npm = (name: string, version: string): HeldPackage => ({
  package: { type: 'npm', name, version },
})

async function place(t: TestContext): Promise<HoldingPlace> {
  const at = holdingPlace(await temporaryDatabase(t))
  const hold = (name: string, ...packages: readonly HeldPackage[]): Promise<void> =>
    holdImage(at, { name, distribution: undefined, packages })
  await hold('old', npm('left-pad', '1.0.0'))
  await hold('older', npm('left-pad', '0.9.0'), npm('right-pad', '1.0.0'))
  await hold('mended', npm('left-pad', '2.0.0'))
  await hold('other', npm('right-pad', '1.0.0'))
  await importRecords(at, [
    osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-1001'], fixed: '1.5.0' }),
    osvRecord({ id: 'GHSA-2', name: 'nobody' }),
  ])
  await settle(at)
  return at
}

async function find(
  at: HoldingPlace,
  asked: FindImagesInput['asked'],
  page: Partial<FindImagesInput> = {},
): Promise<FoundImages> {
  const suppressions = openSuppressions({
    reader: at.database,
    clock: at.clock,
    keys: [],
    hosts: () => [],
  })
  return findImages(
    { reader: at.database, suppressions },
    { account: ours, asked, after: { repositoryId: 0, digest: '' }, limit: 10, ...page },
  )
}

const affected = [digestOfName('old'), digestOfName('older')].toSorted()

test('finds the images of a flaw by any of its names, with package, place, fix and times', async (t) => {
  const at = await place(t)
  for (const id of ['CVE-2026-1001', 'GHSA-1']) {
    const found = await find(at, { kind: 'flaw', id })
    assert.equal(found.answer, 'found')
    assert.deepEqual(found.total, { images: 2, repositories: 1 })
    assert.deepEqual(
      found.images.map(({ digest }) => digest),
      affected,
    )
    for (const { findings, pushedBy, knownSince } of found.images) {
      assert.partialDeepStrictEqual(findings, [
        { vulnerability: 'CVE-2026-1001', fix: { state: 'fixed', version: '1.5.0' } },
      ])
      assert.equal(pushedBy, 'somebody')
      // The data came after the push.
      assert.deepEqual(knownSince, at.clock.now())
    }
  }
})

test('pages follow one another, and each says how many there are in all', async (t) => {
  const at = await place(t)
  const asked = { kind: 'flaw', id: 'CVE-2026-1001' } as const
  const first = await find(at, asked, { limit: 1 })
  assert.ok(first.next)
  const second = await find(at, asked, { limit: 1, after: first.next })
  assert.equal(second.next, undefined)
  assert.deepEqual(
    [...first.images, ...second.images].map(({ digest }) => digest),
    affected,
  )
  assert.deepEqual(second.total, { images: 2, repositories: 1 })
})

test('tells what no image has from what no data speaks of', async (t) => {
  const at = await place(t)
  const answer = async (id: string): Promise<string> =>
    (await find(at, { kind: 'flaw', id })).answer
  assert.equal(await answer('GHSA-2'), 'none')
  assert.equal(await answer('CVE-2026-9999'), 'unknown-flaw')
})

test('does not call it an answer of the newest data before every package was held against it', async (t) => {
  const at = await place(t)
  const asked = { kind: 'flaw', id: 'GHSA-3' } as const
  await importRecords(at, [osvRecord({ id: 'GHSA-3', name: 'right-pad' })], { source: 'new' })
  const early = await find(at, asked)
  assert.deepEqual([early.isBehind, early.dataRevision], [true, 1])
  const told = awaitEvaluation(at.database).then(() => find(at, asked))
  await settle(at)
  const { isBehind, dataRevision, total } = await told
  assert.deepEqual([isBehind, dataRevision, total.images], [false, 2, 2])
})

test('images of another account are not told of, and those that were not scanned whole are counted', async (t) => {
  const at = await place(t)
  const asked = { kind: 'flaw', id: 'CVE-2026-1001' } as const
  const others = await find(at, asked, { account: accountOf('210987654321') })
  assert.deepEqual(others.images, [])
  assert.equal(others.answer, 'none')
  await at.database.transaction((tx) =>
    tx.run("UPDATE image_scans SET status = 'FAILED' WHERE digest = $1", [digestOfName('other')]),
  )
  assert.equal((await find(at, asked)).unjudged, 1)
})

test('the answer about a package does not tell whether another account has it', async (t) => {
  const at = await place(t)
  const stranger = { account: accountOf('210987654321') }
  const held = await find(at, { kind: 'package', name: 'right-pad' }, stranger)
  assert.deepEqual(held, await find(at, { kind: 'package', name: 'no-such' }, stranger))
})

test('finds the images of a package by name, purl and range, with its places', async (t) => {
  const at = await place(t)
  const digests = async (name: string, range?: string): Promise<readonly string[]> => {
    const bounds = range === undefined ? {} : { range: parseVersionRange(range) ?? [] }
    const { images } = await find(at, { kind: 'package', name, ...bounds })
    return images.map(({ digest }) => digest)
  }
  const all = ['old', 'older', 'mended'].map(digestOfName).toSorted()
  assert.deepEqual(await digests('left-pad'), all)
  assert.deepEqual(await digests('pkg:npm/left-pad'), all)
  assert.deepEqual(await digests('pkg:npm/left-pad@2.0.0'), [digestOfName('mended')])
  assert.deepEqual(await digests('left-pad', '>=0.9.0, <2'), affected)
  assert.deepEqual(await digests('left-pad', '< 1'), [digestOfName('older')])
  const { images } = await find(at, { kind: 'package', name: 'right-pad' })
  assert.partialDeepStrictEqual(images[0]?.packages, [
    { purl: 'pkg:npm/right-pad@1.0.0', version: '1.0.0' },
  ])
  const unknown = await find(at, { kind: 'package', name: 'no-such' })
  assert.equal(unknown.answer, 'none')
})
