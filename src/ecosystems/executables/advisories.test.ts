// What Go's, Rust's and Bitnami's databases say about the packages that are found in executables.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { Advisory } from '../advisory.ts'
import { cargo } from '../cargo/ecosystem.ts'
import type { Ecosystem } from '../ecosystem.ts'
import { generic } from '../generic/ecosystem.ts'
import { knownPrograms } from '../generic/known-programs.ts'
import { golang } from '../golang/ecosystem.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'

const files = {
  go: sharedData('advisories', 'go.ndjson.zst'),
  rustsec: sharedData('advisories', 'rustsec.ndjson.zst'),
  bitnami: sharedData('advisories', 'bitnami.ndjson.zst'),
}
const skip = Object.values(files).includes(undefined) && 'shared data is absent'
const read = new Map<string, readonly Advisory[]>()

function advisoriesOf(source: keyof typeof files): readonly Advisory[] {
  const known = read.get(source)
  if (known !== undefined) return known
  const text = zstdDecompressSync(readFileSync(files[source] ?? '')).toString()
  const advisories = text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const reading = parseOsvRecord(JSON.parse(line))
      return reading.kind === 'advisory' ? [reading.advisory] : []
    })
  read.set(source, advisories)
  return advisories
}

/** `affected`, `notAffected`, `unknown`; `absent` where the record does not speak of the package. */
function verdict(
  source: keyof typeof files,
  ecosystem: Ecosystem,
  [id, name, version]: readonly [id: string, name: string, version: string],
): string {
  const advisory = advisoriesOf(source).find((record) => record.id === id)
  assert.ok(advisory !== undefined, id)
  const lookup = ecosystem.lookup({ type: ecosystem.type, name, version }, undefined)
  if (lookup.kind === 'unknown') return 'unknown'
  const verdicts = lookup.keys.flatMap((key) =>
    advisory.affected
      .filter((it) => it.ecosystem === key.ecosystem && it.name === key.name)
      .map((it) => matchPackage(key.version, it, ecosystem.compareVersions).kind),
  )
  return (
    (['affected', 'unknown', 'notAffected'] as const).find((it) => verdicts.includes(it)) ??
    'absent'
  )
}

function unknownRanges(source: keyof typeof files): readonly string[] {
  return advisoriesOf(source).flatMap(({ id, affected }) =>
    affected.flatMap(({ unknownRanges: ranges }) => ranges.map((reason) => `${id}: ${reason}`)),
  )
}

test('every range of the three databases can be ordered, but one', { skip }, () => {
  assert.deepEqual(unknownRanges('go'), [])
  assert.deepEqual(unknownRanges('rustsec'), [])
  const [odd, ...others] = unknownRanges('bitnami')
  assert.match(odd ?? '', /nightly\.2026-03-10\.0/)
  assert.deepEqual(others, [])
})

test('modules and the standard library meet their records', { skip }, () => {
  const cases = [
    [['GO-2023-2102', 'golang.org/x/net', 'v0.16.0'], 'affected'],
    [['GO-2023-2102', 'golang.org/x/net', 'v0.17.0'], 'notAffected'],
    [['GO-2023-2102', 'golang.org/x/net', 'v0.16.1-0.20231001000000-abcdef123456'], 'affected'],
    [['GO-2023-2102', 'golang.org/x/net', '(devel)'], 'unknown'],
    [['GO-2023-2102', 'stdlib', '1.21.2'], 'affected'],
    [['GO-2023-2102', 'stdlib', '1.21rc2'], 'affected'],
    [['GO-2023-2102', 'stdlib', '1.20.10'], 'notAffected'],
    [['GO-2023-2102', 'stdlib', '1.22'], 'notAffected'],
    // The module without a major version has no fix: its successor, which has one, is not held against that.
    [['GO-2022-0304', 'github.com/argoproj/argo-cd', 'v1.8.7'], 'affected'],
    [['GO-2022-0304', 'github.com/argoproj/argo-cd/v2', 'v2.2.4'], 'notAffected'],
  ] as const
  for (const [tuple, expected] of cases)
    assert.equal(verdict('go', golang, tuple), expected, tuple.join(' '))
})

test('crates meet their records', { skip }, () => {
  const cases = [
    [['RUSTSEC-2021-0003', 'smallvec', '1.6.0'], 'affected'],
    [['RUSTSEC-2021-0003', 'smallvec', '1.6.1'], 'notAffected'],
    [['RUSTSEC-2020-0071', 'time', '0.1.43'], 'affected'],
    [['RUSTSEC-2020-0071', 'time', '0.2.23'], 'notAffected'],
  ] as const
  for (const [tuple, expected] of cases)
    assert.equal(verdict('rustsec', cargo, tuple), expected, tuple.join(' '))
})

test(
  'recognised programs meet Bitnami’s records, and those it does not follow are unknown',
  { skip },
  () => {
    const cases = [
      [['BIT-python-2024-11168', 'python', '3.11.2'], 'affected'],
      [['BIT-python-2024-11168', 'python', '3.11.4'], 'notAffected'],
      [['BIT-python-2024-11168', 'python', '3.11.4rc1'], 'affected'],
      [['BIT-node-2020-8201', 'node', '12.18.3'], 'affected'],
      [['BIT-node-2020-8201', 'node', '0.12.18'], 'notAffected'],
      [['BIT-apache-2020-11984', 'httpd', '2.4.43'], 'affected'],
      [['BIT-apache-2020-11984', 'openssl', '1.1.1w'], 'unknown'],
      [['BIT-apache-2020-11984', 'busybox', '1.36.1'], 'unknown'],
    ] as const
    for (const [tuple, expected] of cases)
      assert.equal(verdict('bitnami', generic, tuple), expected, tuple.join(' '))
  },
)

test(
  'a program is only called followed when the database has more than a stray record',
  { skip },
  () => {
    const counts = new Map<string, number>()
    for (const { affected } of advisoriesOf('bitnami'))
      for (const { name } of affected) counts.set(name, (counts.get(name) ?? 0) + 1)
    let followed = 0
    for (const { name } of knownPrograms) {
      const lookup = generic.lookup({ type: 'generic', name, version: '1.0' }, undefined)
      if (lookup.kind === 'unknown') continue
      followed += 1
      for (const key of lookup.keys) assert.ok((counts.get(key.name) ?? 0) >= 5, key.name)
    }
    assert.ok(followed >= 20)
  },
)
