import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { AffectedPackage } from '../advisory.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'
import { compareRpmVersions } from './version.ts'

function affectedBy(
  summary: string,
  entries: readonly (readonly [name: string, fixed: string])[],
  ecosystem = 'AlmaLinux:8',
): readonly AffectedPackage[] {
  const read = parseOsvRecord({
    id: 'ALSA-2024:1',
    summary,
    affected: entries.map(([name, fixed]) => ({
      package: { ecosystem, name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
    })),
  })
  assert.ok(read.kind === 'advisory')
  return read.advisory.affected
}

const namesOf = (affected: readonly AffectedPackage[]): readonly string[] =>
  affected.map(({ name }) => name)

test('a modular build whose record names no stream leaves those below its fix in doubt', () => {
  const [ruby] = affectedBy('Moderate: ruby security update', [
    ['ruby', '2.5.9-112.module_el8.10.0+3871+342e2c2f'],
  ])
  assert.ok(ruby !== undefined)
  assert.equal(ruby.name, '*::ruby')
  const judge = (version: string): string => matchPackage(version, ruby, compareRpmVersions).kind
  assert.equal(judge('2.5.9-111.module_el8.9.0+3635+c6f99506'), 'unknown')
  assert.equal(judge('3.1.5-143.module_el8.10.0+3848+d3a2d6ec'), 'notAffected')
})

test('a name that has its stream already stays where it is', () => {
  const fixed = '1:18.19.1-1.module+el8.10.0+21388+22892fb9'
  const [nodejs] = affectedBy(
    'CVE-2024-22019',
    [['nodejs:18::nodejs', fixed]],
    'Red Hat:enterprise_linux:8',
  )
  assert.equal(nodejs?.name, 'nodejs:18::nodejs')
  assert.equal(nodejs.doubt, undefined)
})

test('what looks like a stream in a summary is none where the builds are not modular', () => {
  const plain = affectedBy('Important: pam:1.5.1 security update', [['pam', '1.5.1-22.el9_5']])
  assert.deepEqual(namesOf(plain), ['pam'])
})

test('modular builds stand under each stream that the summary names, and under no id', () => {
  const tag = '.module_el8.10.0+1+abc'
  const summaries: readonly (readonly [string, readonly string[]])[] = [
    ['Important: nodejs:18 security update', ['nodejs:18']],
    ['new module: php:7.4', ['php:7.4']],
    ['ALSA-2022:5468: php:8.0 security update (Important)', ['php:8.0']],
    ['Red Hat Security Advisory: nodejs:16 security update', ['nodejs:16']],
    ['Moderate: idm:DL1 and idm:client security update', ['idm:DL1', 'idm:client']],
    ['Low: perl-IO-Socket-SSL:2.066 update', ['perl-IO-Socket-SSL:2.066']],
    ['container-tools bug fix update', ['*']],
  ]
  for (const [summary, streams] of summaries) {
    assert.deepEqual(
      namesOf(affectedBy(summary, [['x', `1-1${tag}`]])),
      streams.map((stream) => `${stream}::x`),
      summary,
    )
  }
})

test('of rebuilds in one record the lowest is the fix; two publishers list them so, others mean a union', () => {
  const rebuilds = ['8.3.0+2044', '8.5.0+119', '8.4.0+2496'].map(
    (build) => ['x', `1-2.module_el${build}+9a9ec082`] as const,
  )
  const [joined, ...rest] = affectedBy('x:1 bug fix update', rebuilds)
  assert.equal(rest.length, 0)
  assert.deepEqual(joined?.intervals, [
    { introduced: undefined, end: { kind: 'fixed', version: '1-2.module_el8.3.0+2044+9a9ec082' } },
  ])
  assert.equal(
    affectedBy(
      'x',
      [
        ['x', '1-1'],
        ['x', '1-2'],
      ],
      'openSUSE:Tumbleweed',
    ).length,
    2,
  )
})

test('Oracle’s ksplice and fips builds stand apart from the usual ones, and only there', () => {
  const entries: readonly (readonly [string, string])[] = [
    ['glibc', '2:2.28-236.0.1.ksplice1.el8_9.12'],
    ['glibc', '2.28-236.0.1.el8_9.12'],
    ['gnutls', '10:3.6.16-8.el8_8.3_fips'],
  ]
  assert.deepEqual(namesOf(affectedBy('x', entries, 'Oracle Linux:8')), [
    'ksplice::glibc',
    'glibc',
    'fips::gnutls',
  ])
  const plain = affectedBy('x', entries.slice(2), 'AlmaLinux:8')
  assert.deepEqual(namesOf(plain), ['gnutls'])
})

const path = sharedData('advisories', 'almalinux.ndjson.zst')

test(
  'every real record of AlmaLinux is plain or of named streams, but fifteen',
  { skip: path === undefined ? 'shared data is absent' : false },
  () => {
    const counts = { plain: 0, streamed: 0, unnamed: 0, mixed: 0 }
    for (const line of zstdDecompressSync(readFileSync(path ?? ''))
      .toString()
      .split('\n')) {
      if (line === '') continue
      const read = parseOsvRecord(JSON.parse(line))
      assert.ok(read.kind === 'advisory', line.slice(0, 60))
      counts[kindOf(namesOf(read.advisory.affected))] += 1
    }
    assert.deepEqual(counts, { plain: 4957, streamed: 708, unnamed: 15, mixed: 0 })
  },
)

function kindOf(names: readonly string[]): 'plain' | 'streamed' | 'unnamed' | 'mixed' {
  const isModular = names.map((name) => name.includes('::'))
  if (!isModular.includes(true)) return 'plain'
  if (isModular.includes(false)) return 'mixed'
  return names.some((name) => name.startsWith('*')) ? 'unnamed' : 'streamed'
}
