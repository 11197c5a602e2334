// Whatever was pushed, deleted, imported, withdrawn and killed: what is kept is what a fresh evaluation finds.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Distribution, Package } from '../../src/ecosystems/ecosystem.ts'
import { findPackageId } from '../../src/scanning/package-store.ts'
import { findRepositoryById } from '../../src/registry/repository-store.ts'
import { applyRules } from '../../src/scanning/apply-rules.ts'
import { listFindings, type FindingList } from '../../src/scanning/list-findings.ts'
import { readScannedInstances } from '../../src/scanning/scan-store.ts'
import { openSuppressions } from '../../src/scanning/suppressions.ts'
import { accountOf } from '../kit/principals.ts'
import { listImagesHolding } from '../../src/scanning/list-images-holding.ts'
import { countNames } from '../../src/scanning/rules/finding-counts.ts'
import { sweepPackages } from '../../src/scanning/sweep-packages.ts'
import { sweepPackageSets } from '../../src/scanning/sweep-package-sets.ts'
import { identifyPackage } from '../../src/scanning/rules/package-identity.ts'
import type { SqlWriter } from '../../src/storage/database/database.ts'
import { importRecords } from '../kit/advisories.ts'
import { temporaryDatabase } from '../kit/database.ts'
import { fuzzRuns } from '../kit/fuzz-runs.ts'
import {
  digestOfName,
  dropImage,
  findingsOf,
  holdImage,
  holdingPlace,
  keptCounts,
  settle,
  type HeldImage,
  type HoldingPlace,
} from '../kit/holding-place.ts'

const distributions: readonly Distribution[] = [
  { id: 'debian', idLike: [], versionId: '12' },
  // Tells of flaws before they are mended, so that its silence decides too.
  { id: 'ubuntu', idLike: ['debian'], versionId: '22.04' },
]
const libraries: readonly Package[] = ['1.0.0', '1.5.0', '2.0.0', 'odd'].flatMap((version) => [
  { type: 'npm', name: 'alpha', version },
  { type: 'pypi', name: 'beta', version },
])
const systems: readonly Package[] = ['1.0-1', '2.0-1'].map((version) => ({
  type: 'deb',
  name: 'python3-beta',
  version,
  architecture: 'all',
  source: { name: 'beta', version },
}))

const image = fc.record({
  name: fc.constantFrom('one', 'two', 'three', 'four'),
  distribution: fc.constantFrom(...distributions),
  packages: fc.array(
    fc.oneof(
      fc.constantFrom(...libraries).map((it) => ({ package: it })),
      fc.constantFrom(...systems).map((it) => ({ package: it })),
      fc.record({
        package: fc.constantFrom(...libraries),
        owner: fc.constantFrom(...systems),
      }),
    ),
    { minLength: 1, maxLength: 5 },
  ),
})

const ids = ['GHSA-1', 'CVE-2026-1001', 'CVE-2026-1002', 'DSA-7', 'PYSEC-3'] as const
const severity = [undefined, 'L', 'H'] as const
const advisory = fc.record({
  id: fc.constantFrom(...ids),
  package: fc.constantFrom(
    { ecosystem: 'npm', name: 'alpha' },
    { ecosystem: 'PyPI', name: 'beta' },
    { ecosystem: 'Debian:12', name: 'beta' },
    { ecosystem: 'Ubuntu:22.04:LTS', name: 'beta' },
  ),
  fixed: fc.option(fc.constantFrom('1.2.0', '2.0.0', '1.5-1'), { nil: undefined }),
  aliases: fc.subarray(['CVE-2026-1001', 'GHSA-1']),
  upstream: fc.subarray(['CVE-2026-1002']),
  impact: fc.constantFrom(...severity),
  isWithdrawn: fc.boolean(),
})
type Advisory = typeof advisory extends fc.Arbitrary<infer T> ? T : never

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), image }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('drop' as const),
      name: fc.constantFrom('one', 'two', 'three', 'four'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('import' as const),
      source: fc.constantFrom('a', 'b'),
      isSnapshot: fc.boolean(),
      records: fc.uniqueArray(advisory, {
        selector: ({ id }) => id,
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  {
    weight: 2,
    // After days in which what nobody names is kept, and days after which it goes, with history and without.
    arbitrary: fc.record({
      kind: fc.constant('sweep' as const),
      days: fc.constantFrom(0, 1, 8, 401),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('suppress' as const),
      flaws: fc.subarray(['CVE-2026-1001', 'CVE-2026-1002', 'PYSEC-3']),
    }),
  },
)
/** Each action dies after so many transactions, or does not. */
const killed = fc.record({
  action,
  diesAfter: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 2 }),
})
type Step = typeof killed extends fc.Arbitrary<infer T> ? T : never

test('any sequence of pushes, deletes, imports, withdrawals, suppressions and kills ends where a fresh evaluation does', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(killed, { minLength: 1, maxLength: 14 }), async (steps) => {
      const lived = holdingPlace(await temporaryDatabase(t))
      const wanted = await live(lived, steps)
      await settle(lived)
      await assertSame(t, lived, wanted)
    }),
    { numRuns: fuzzRuns(60) },
  )
})

interface Wanted {
  readonly suppressed: readonly string[]
  readonly images: ReadonlyMap<string, HeldImage>
  readonly sources: ReadonlyMap<string, ReadonlyMap<string, Advisory>>
}

/** Does it all; what died is begun anew, as the queue and a person would. */
async function live(at: HoldingPlace, steps: readonly Step[]): Promise<Wanted> {
  const images = new Map<string, HeldImage>()
  const sources = new Map<string, Map<string, Advisory>>()
  let suppressed: readonly string[] = []
  for (const { action: each, diesAfter } of steps) {
    const act = (place: HoldingPlace): Promise<void> => perform(place, each)
    if (diesAfter !== undefined) await actAndDie(at, diesAfter, act)
    await act(at)
    if (each.kind === 'push') images.set(each.image.name, each.image)
    if (each.kind === 'drop') images.delete(each.name)
    if (each.kind === 'suppress') suppressed = each.flaws
    if (each.kind !== 'import') continue
    const before = each.isSnapshot ? [] : (sources.get(each.source) ?? [])
    const records = new Map<string, Advisory>(before)
    for (const record of each.records) records.set(record.id, record)
    sources.set(each.source, records)
  }
  return { images, sources, suppressed }
}

async function perform(at: HoldingPlace, each: Step['action']): Promise<void> {
  switch (each.kind) {
    case 'push':
      await holdImage(at, each.image)
      break
    case 'drop':
      await dropImage(at, each.name)
      break
    case 'import':
      await importRecords(at, each.records.map(recordOf), {
        source: each.source,
        snapshot: each.isSnapshot,
        confirmLoss: true,
      })
      break
    case 'settle':
      await settle(at)
      break
    case 'suppress':
      await suppress(at, each.flaws)
      break
    case 'sweep':
      at.clock.advance(each.days * dayMs)
      await sweepAll(at)
      break
    default:
      throw new Error(`unknown action ${JSON.stringify(each satisfies never)}`)
  }
}

const dayMs = 86_400_000
const account = accountOf('123456789012')

async function sweepAll(at: HoldingPlace): Promise<void> {
  const options = { signal: new AbortController().signal }
  await sweepPackageSets(at, options)
  await sweepPackages(at, { historyDays: 400 }, options)
}

/** The rules of the account are these, and no others. */
async function suppress(at: HoldingPlace, flaws: readonly string[]): Promise<void> {
  const rules = flaws.map((flaw) => ({
    vulnerability: flaw,
    reason: 'it is not reached',
    owner: 'somebody',
    until: '2099-01-01',
  }))
  const text = JSON.stringify(rules)
  await applyRules(at, { account, principal: 'somebody', text, isDryRun: false })
}

/** As a user is shown them. */
async function shownOf({ database, clock }: HoldingPlace, name: string): Promise<FindingList> {
  const key = { repositoryId: 1, digest: digestOfName(name) }
  const found = await readScannedInstances(database, key)
  const instances = found.map((instance) => ({ ...instance, imageDigest: key.digest }))
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  const repository = await findRepositoryById(database, 1)
  assert.ok(repository)
  return listFindings(
    database,
    instances,
    await suppressions.inForce({ account, repository, instances }),
  )
}

class Killed extends Error {}

/** After so many transactions the process is dead: nothing it wants to write after that is written, not even its excuses. */
async function actAndDie(
  at: HoldingPlace,
  diesAfter: number,
  act: (place: HoldingPlace) => Promise<void>,
): Promise<void> {
  let left = diesAfter
  const database = {
    ...at.database,
    transaction: async <T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> => {
      left -= 1
      if (left < 0) throw new Killed()
      return at.database.transaction(work)
    },
  }
  try {
    await act({ ...at, database })
  } catch (error) {
    const causes = error instanceof AggregateError ? error.errors : [error]
    if (!causes.every((cause) => cause instanceof Killed)) throw error
  }
  // The lease of an import that died runs out.
  await at.database.transaction((tx) => tx.run('UPDATE advisory_state SET pending_until = 0'))
}

function recordOf(facts: Advisory): unknown {
  const { fixed, impact, isWithdrawn } = facts
  const vector = `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:${impact ?? 'N'}/I:N/A:N`
  return {
    id: facts.id,
    modified: '2026-11-01T00:00:00Z',
    aliases: facts.aliases.filter((alias) => alias !== facts.id),
    upstream: facts.upstream,
    ...(isWithdrawn ? { withdrawn: '2026-11-02T00:00:00Z' } : {}),
    ...(impact === undefined ? {} : { severity: [{ type: 'CVSS_V3', score: vector }] }),
    affected: [
      {
        package: facts.package,
        ranges: [
          {
            type: 'ECOSYSTEM',
            events: [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])],
          },
        ],
      },
    ],
  }
}

async function assertSame(
  t: TestContext,
  lived: HoldingPlace,
  { images, sources, suppressed }: Wanted,
): Promise<void> {
  const fresh = holdingPlace(await temporaryDatabase(t))
  // What is advised depends on the day.
  fresh.clock.advance(lived.clock.now().getTime() - fresh.clock.now().getTime())
  for (const [source, records] of sources)
    await importRecords(fresh, [...records.values()].map(recordOf), { source })
  for (const each of images.values()) await holdImage(fresh, each)
  await suppress(fresh, suppressed)
  await settle(fresh)
  for (const name of images.keys()) {
    const list = await findingsOf(lived, name)
    assert.deepEqual(told(list), told(await findingsOf(fresh, name)), `findings of ${name}`)
    assert.deepEqual(
      told(await shownOf(lived, name)),
      told(await shownOf(fresh, name)),
      `findings of ${name} with what people hold back`,
    )
    const counts = await keptCounts(lived, name)
    assert.deepEqual(counts, countsOf(list), `counts of ${name}`)
    assert.deepEqual(counts, await keptCounts(fresh, name))
  }
  await assertFound(lived, images)
  await sweepPackageSets(lived, { signal: new AbortController().signal })
  await assertFound(lived, images)
  const held = new Set([...images.keys()].map((name) => JSON.stringify(images.get(name)?.packages)))
  const sets = await lived.database.first('SELECT COUNT(*) AS n FROM package_sets')
  assert.ok(Number(sets?.['n']) <= held.size, 'sets that no image has are gone')
  await assertSwept(lived, fresh, images)
}

/** In the end nothing is left but what images name, and what they show is the same. */
async function assertSwept(
  lived: HoldingPlace,
  fresh: HoldingPlace,
  images: ReadonlyMap<string, HeldImage>,
): Promise<void> {
  // Sets, then holdings of none, then packages of none: each is seen to be so, and waits.
  for (const days of [0, 401, 401]) {
    lived.clock.advance(days * dayMs)
    await sweepAll(lived)
  }
  for (const table of ['packages', 'holdings', 'holding_owners', 'package_lookups'])
    assert.equal(await rowsIn(lived, table), await rowsIn(fresh, table), table)
  assert.equal(await rowsIn(lived, 'unused_packages'), 0)
  assert.equal(await rowsIn(lived, 'unused_holdings'), 0)
  await assertFound(lived, images)
  for (const name of images.keys())
    assert.deepEqual(told(await findingsOf(lived, name)), told(await findingsOf(fresh, name)), name)
}

async function rowsIn({ database }: HoldingPlace, table: string): Promise<number> {
  return Number((await database.first(`SELECT COUNT(*) AS n FROM ${table}`))?.['n'])
}

function told({ findings, suppressed }: FindingList): unknown {
  const tell = (list: FindingList['findings']): unknown =>
    list.map((each) => ({
      vulnerability: each.vulnerability,
      aliases: each.aliases,
      package: each.package,
      severity: each.severity,
      verdict: each.verdict,
      fix: each.fix,
      paths: each.paths,
      suppression: each.suppression?.kind,
      advisory: [each.advisory.source, each.advisory.id],
    }))
  return { findings: tell(findings), suppressed: tell(suppressed) }
}

function countsOf({ findings }: FindingList): unknown {
  const counts = Object.fromEntries(countNames.map((name) => [name, 0]))
  for (const { severity: of, fix } of findings) {
    counts[of] = (counts[of] ?? 0) + 1
    if (fix.state === 'fixed') counts['fixable'] = (counts['fixable'] ?? 0) + 1
  }
  return counts
}

/** From each package those images are found that hold it, and no others. */
async function assertFound(
  { database }: HoldingPlace,
  images: ReadonlyMap<string, HeldImage>,
): Promise<void> {
  for (const distribution of distributions) {
    for (const found of [...libraries, ...systems]) {
      const { tupleHash } = identifyPackage(found, distribution)
      const id = await findPackageId(database, tupleHash)
      if (id === undefined) continue
      const page = { after: { repositoryId: 0, digest: '' }, limit: 100 }
      const holding = await listImagesHolding(database, id, page)
      const expected = [...images.values()]
        .filter((each) => holds(each, tupleHash))
        .map(({ name }) => digestOfName(name))
      assert.deepEqual(
        holding.map(({ digest }) => digest),
        expected.toSorted(),
      )
    }
  }
}

function holds({ packages, distribution }: HeldImage, tupleHash: string): boolean {
  return packages
    .flatMap(({ package: it, owner }) => [it, ...(owner === undefined ? [] : [owner])])
    .some((it) => identifyPackage(it, distribution).tupleHash === tupleHash)
}
