// Two dated states of real feeds: what the newer one opens, closes and changes in images that were there, held against a scan of the
// same images with the newer state from nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../src/storage/database/database.ts'
import { advisoryLines, type TestAdvisory } from '../kit/advisory-data.ts'
import { importRecords } from '../kit/advisories.ts'
import { temporaryDatabase } from '../kit/database.ts'
import {
  findingsOf,
  holdImage,
  holdingPlace,
  keptCounts,
  settle,
  type HeldImage,
  type HoldingPlace,
} from '../kit/holding-place.ts'
import { poolsOf, type PackagePool } from '../kit/packages-of-advisories.ts'

/** The newer ones have the same names without a date. The larger ones take minutes, and are for `npm run fuzz`. */
const sources = ['alpine.2019-08-07', 'go.2026-06-22', 'rubysec.2026-06-22', 'rustsec.2026-06-17']
const largerSources = [
  'almalinux.2026-06-22',
  'friendsofphp.2026-06-04',
  'pypa.2024-08-07',
  'retirejs.2026-06-22',
  'ubuntu.2023-12-18',
  'wolfi.2025-03-08',
]
const isLong = process.env['PRATIQUE_FUZZ_RUNS'] !== undefined
const inventories = isLong ? 2000 : 400

test('real data of two dates: by re-evaluation as by a scan from nothing, in many inventories', async (t) => {
  const older = new Map<string, string>()
  const newer = new Map<string, string>()
  for (const dated of isLong ? [...sources, ...largerSources] : sources) {
    const [name = ''] = dated.split('.')
    const [before, after] = [await advisoryLines(t, `older/${dated}`), await advisoryLines(t, name)]
    if (before === undefined || after === undefined) return
    older.set(name, before.join('\n'))
    newer.set(name, after.join('\n'))
  }
  const records = [...older.values(), ...newer.values()].flatMap((lines) =>
    lines.split('\n').map((line) => JSON.parse(line) as TestAdvisory),
  )
  const images = inventoriesOf(poolsOf(records))
  const lived = holdingPlace(await temporaryDatabase(t))
  await bring(lived, older)
  for (const image of images) await holdImage(lived, image)
  await settle(lived)
  const before = await matchesOf(lived)
  await bring(lived, newer)
  await settle(lived)
  const fresh = holdingPlace(await temporaryDatabase(t))
  await bring(fresh, newer)
  for (const image of images) await holdImage(fresh, image)
  await settle(fresh)
  let findings = 0
  for (const { name } of images) {
    const list = await findingsOf(lived, name)
    findings += list.findings.length
    assert.deepEqual(told(list), told(await findingsOf(fresh, name)), name)
    assert.deepEqual(await keptCounts(lived, name), await keptCounts(fresh, name), name)
  }
  const changes = await assertTold(lived, before)
  t.diagnostic(
    `${images.length} inventories, ${findings} findings; ${changes.opened} opened, ${changes.closed} closed, ${changes.changed} changed by packages`,
  )
  assert.ok(findings > inventories && changes.opened > 100 && changes.closed > 0)
})

async function bring(at: HoldingPlace, states: ReadonlyMap<string, string>): Promise<void> {
  for (const [source, lines] of states)
    await importRecords(at, `${lines}\n`, { source, confirmLoss: true })
}

/** The same at every run. */
function inventoriesOf(pools: readonly PackagePool[]): readonly HeldImage[] {
  let state = 1
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
  const libraries = pools.find(({ distribution }) => distribution === undefined)?.packages ?? []
  const systems = pools.filter(({ distribution }) => distribution !== undefined)
  const draw = (from: PackagePool['packages'], count: number): HeldImage['packages'] =>
    Array.from({ length: count }, () => from[next(from.length)]).flatMap((found) =>
      found === undefined ? [] : [{ package: found }],
    )
  return Array.from({ length: inventories }, (_, index) => {
    const system = systems[next(systems.length)]
    const packages = [
      ...draw(system?.packages ?? [], 2 + next(12)),
      ...draw(libraries, 2 + next(12)),
    ]
    return { name: `inventory ${index}`, distribution: system?.distribution, packages }
  })
}

function told({ findings, suppressed }: Awaited<ReturnType<typeof findingsOf>>): unknown {
  return [...findings, ...suppressed].map((each) => [
    each.vulnerability,
    each.package.purl,
    each.severity,
    each.verdict,
    each.fix,
    each.suppression?.kind,
    each.aliases,
  ])
}

type Matches = ReadonlyMap<string, string>

/** By package and flaw, what is said. */
async function matchesOf({ database }: HoldingPlace): Promise<Matches> {
  const rows = await database.all(
    `SELECT package_id, vulnerability, verdict, severity, fixed_version, vector FROM matches
     WHERE until_revision IS NULL ORDER BY package_id, vulnerability, advisory_row`,
  )
  const said = new Map<string, string>()
  for (const { package_id: id, vulnerability, ...rest } of rows) {
    const key = `${String(id)} ${String(vulnerability)}`
    said.set(key, `${said.get(key) ?? ''}${JSON.stringify(rest)}`)
  }
  return said
}

/** What the outbox told comes to the difference between the two states: nothing is missing, nothing is told for nothing. */
async function assertTold(
  at: HoldingPlace,
  before: Matches,
): Promise<Readonly<Record<'opened' | 'closed' | 'changed', number>>> {
  const after = await matchesOf(at)
  const rows = await at.database.all(
    "SELECT detail FROM events WHERE kind = 'FindingsChanged' ORDER BY id",
  )
  const net = new Map<string, number>()
  let changed = 0
  for (const row of rows) {
    const detail = JSON.parse(text(row, 'detail')) as {
      readonly packageId: number
      readonly opened: readonly string[]
      readonly closed: readonly string[]
      readonly changed: readonly string[]
    }
    const add = (flaw: string, by: number): void => {
      const key = `${detail.packageId} ${flaw}`
      net.set(key, (net.get(key) ?? 0) + by)
    }
    for (const flaw of detail.opened) add(flaw, 1)
    for (const flaw of detail.closed) add(flaw, -1)
    changed += detail.changed.length
  }
  const opened = [...after.keys()].filter((key) => !before.has(key))
  const closed = [...before.keys()].filter((key) => !after.has(key))
  const netTold = (by: number): readonly string[] =>
    [...net].filter(([, sum]) => sum === by).map(([key]) => key)
  assert.deepEqual(netTold(1).toSorted(), opened.toSorted())
  assert.deepEqual(netTold(-1).toSorted(), closed.toSorted())
  return { opened: opened.length, closed: closed.length, changed }
}
