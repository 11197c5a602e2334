// Holds real records against packages made of their own bounds: one just below the fix is found, the fix is not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { AffectedPackage } from '../advisory.ts'
import type { Distribution, Package } from '../ecosystem.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'
import { lookupRpm } from './lookup.ts'
import { compareRpmVersions } from './version.ts'

const feeds = [
  { file: 'almalinux.ndjson.zst', least: 60_000 },
  { file: 'azurelinux.ndjson.zst', least: 3000 },
  { file: 'osv-samples.ndjson.zst', least: 40 },
]

for (const { file, least } of feeds) {
  const path = sharedData('advisories', file)
  test(
    `${file}: a package just below a fix is affected, and at the fix it is not`,
    { skip: path === undefined ? 'shared data is absent' : false },
    () => {
      let judged = 0
      const wrong: string[] = []
      for (const line of zstdDecompressSync(readFileSync(path ?? ''))
        .toString()
        .split('\n')) {
        const read = line === '' ? undefined : parseOsvRecord(JSON.parse(line))
        if (read?.kind !== 'advisory') continue
        for (const entry of read.advisory.affected) {
          const told = judgeBounds(entry)
          judged += told === undefined ? 0 : 1
          if (told === false) wrong.push(`${read.advisory.id} ${entry.name}`)
        }
      }
      assert.deepEqual(wrong, [])
      assert.ok(judged >= least, String(judged))
    },
  )
}

const alma = sharedData('advisories', 'almalinux.ndjson.zst')

test(
  'a fully patched AlmaLinux has no finding, and few doubts, in any stream',
  { skip: alma === undefined ? 'shared data is absent' : false },
  () => {
    const byName = Map.groupBy(
      entriesOf(alma ?? ''),
      ({ ecosystem, name }) => `${ecosystem}\n${name}`,
    )
    const counts = { packages: 0, affected: 0, unknown: 0 }
    for (const entries of byName.values()) {
      const [first] = entries
      if (first === undefined || first.doubt !== undefined) continue
      counts.packages += 1
      const version = entries.flatMap(fixesOf).reduce((a, b) => (isBelow(a, b) ? b : a))
      const [, own] = first.name.split('::')
      // Records that do not name their stream speak to every modular package of the name.
      const doubtful = own === undefined ? [] : (byName.get(`${first.ecosystem}\n*::${own}`) ?? [])
      for (const entry of [...entries, ...doubtful]) {
        const { kind } = matchPackage(version, entry, compareRpmVersions)
        if (kind !== 'notAffected') counts[kind] += 1
      }
    }
    assert.deepEqual(counts, { packages: 12_246, affected: 0, unknown: 128 })
  },
)

function entriesOf(path: string): readonly AffectedPackage[] {
  const lines = zstdDecompressSync(readFileSync(path)).toString().split('\n')
  return lines.flatMap((line) => {
    const read = line === '' ? undefined : parseOsvRecord(JSON.parse(line))
    return read?.kind === 'advisory' ? read.advisory.affected : []
  })
}

function fixesOf({ intervals }: AffectedPackage): readonly string[] {
  return intervals.flatMap(({ end }) => (end.kind === 'fixed' ? [end.version] : []))
}

function isBelow(a: string, b: string): boolean {
  const result = compareRpmVersions(a, b)
  return result.kind === 'ordered' && result.order < 0
}

test('SUSE: a binary is found by its source package, in the product that has the release', () => {
  // Of the record that vuls-data-update (Apache-2.0) has among its fixtures of SUSE's OSV.
  const read = parseOsvRecord({
    id: 'SUSE-SU-403',
    affected: [
      {
        package: { ecosystem: 'SUSE:Linux Enterprise Desktop 12', name: 'libqt4' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '4.8.6-7.1' }] }],
      },
    ],
  })
  const [entry] = read.kind === 'advisory' ? read.advisory.affected : []
  assert.ok(entry !== undefined)
  const judge = (version: string): string | undefined => {
    const found = { type: 'rpm', name: 'libqt4-sql', version, source: { name: 'libqt4', version } }
    const lookup = lookupRpm(found, { id: 'sled', versionId: '12', idLike: ['suse'] })
    assert.ok(lookup.kind === 'keys')
    const key = lookup.keys.find(({ ecosystem }) => ecosystem === entry.ecosystem)
    return key?.name === entry.name
      ? matchPackage(key.version, entry, compareRpmVersions).kind
      : undefined
  }
  assert.equal(judge('4.8.6-6.1'), 'affected')
  assert.equal(judge('4.8.6-7.1'), 'notAffected')
})

/** Undefined where the entry is of another ecosystem or has no fix. */
function judgeBounds(entry: AffectedPackage): boolean | undefined {
  const distribution = systemOf(entry.ecosystem)
  const [end] = entry.intervals.map((interval) => interval.end)
  if (distribution === undefined || end === undefined || end.kind === 'open') return undefined
  const bound = end.version
  const below = justBelow(bound)
  const atBound = verdict(entry, bound, distribution)
  const isEnd = end.kind === 'lastAffected' ? atBound !== 'notAffected' : atBound === 'notAffected'
  const found = verdict(entry, below, distribution)
  return isEnd && found === (entry.doubt === undefined ? 'affected' : 'unknown')
}

/** The same release before its last digits: what sorts right below, as rpm's `~` does. */
function justBelow(version: string): string {
  return `${version}~`
}

/** As a scan does: the package is looked up by its distribution, and judged where the record stands. */
function verdict(entry: AffectedPackage, version: string, distribution: Distribution): string {
  const lookup = lookupRpm(packageOf(entry, version), distribution)
  assert.ok(lookup.kind === 'keys')
  const key = lookup.keys.find(
    ({ ecosystem, name }) => ecosystem === entry.ecosystem && name === entry.name,
  )
  assert.ok(key !== undefined, `${entry.ecosystem} ${entry.name} is not looked up`)
  return matchPackage(key.version, entry, compareRpmVersions).kind
}

function packageOf({ name }: AffectedPackage, version: string): Package {
  const [stream, own] = name.includes('::') ? name.split('::') : [undefined, name]
  const module = stream === '*' ? 'any:1' : stream
  return {
    type: 'rpm',
    name: own ?? '',
    version,
    source: { name: own ?? '', version },
    ...(module !== undefined && { module }),
  }
}

/** The system whose packages such records speak of. */
function systemOf(ecosystem: string): Distribution | undefined {
  const patterns: readonly (readonly [RegExp, string])[] = [
    [/^AlmaLinux:([0-9]+)$/, 'almalinux'],
    [/^Rocky Linux:([0-9]+)$/, 'rocky'],
    [/^Azure Linux:([0-9]+)$/, 'azurelinux'],
    [/^Red Hat:enterprise_linux:([0-9]+)::(?:baseos|appstream|crb)$/, 'rhel'],
  ]
  for (const [pattern, id] of patterns) {
    const versionId = pattern.exec(ecosystem)?.[1]
    if (versionId !== undefined) return { id, versionId, idLike: [] }
  }
  return undefined
}
