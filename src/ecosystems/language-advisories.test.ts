// Real advisories against packages as they are found: that the names meet, the ranges are judged, and the answer is theirs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { AffectedPackage } from './advisory.ts'
import { matchPackage } from './match.ts'
import { parseOsvRecord } from './osv.ts'
import { findEcosystem } from './table.ts'

interface Source {
  readonly file: string
  /** purl type of the packages that it speaks of. */
  readonly type: string
  readonly owns: RegExp
  /** Ranges that cannot be ordered, each with why. */
  readonly unjudged?: number
  /** Name as an extractor finds it, version, record, and what is said. */
  readonly examples: readonly (readonly [
    name: string,
    version: string,
    id: string,
    verdict: string,
  ])[]
}

const sources: readonly Source[] = [
  {
    file: 'nodejs-wg',
    type: 'npm',
    owns: /^npm$/,
    examples: [
      ['lodash', '4.17.4', 'NSWG-ECO-368', 'affected'],
      ['lodash', '4.17.20', 'NSWG-ECO-368', 'notAffected'],
      ['jquery', 'file:vendor/jquery.tgz', 'NSWG-ECO-329', 'unknown'],
    ],
  },
  {
    file: 'retirejs',
    type: 'npm',
    owns: /^npm$/,
    // Bounds such as 1.4.0-*, which are no versions.
    unjudged: 8,
    examples: [],
  },
  {
    file: 'friendsofphp',
    type: 'composer',
    owns: /^Packagist$/,
    examples: [
      ['Drupal/Core', '8.0.6', 'FOP-drupal-core-2018-10-17-1', 'affected'],
      ['drupal/core', '7.59', 'FOP-drupal-core-2018-10-17-2', 'affected'],
      ['drupal/core', '7.60', 'FOP-drupal-core-2018-10-17-2', 'notAffected'],
      ['drupal/core', 'dev-master', 'FOP-drupal-core-2018-10-17-2', 'unknown'],
    ],
  },
  {
    file: 'rubysec',
    type: 'gem',
    owns: /^RubyGems$/,
    examples: [
      ['nokogiri', '1.6.0', 'RUBYSEC-nokogiri-CVE-2013-6460', 'affected'],
      ['nokogiri', '1.6.0.rc1', 'RUBYSEC-nokogiri-CVE-2013-6460', 'affected'],
      ['nokogiri', '1.15.4', 'RUBYSEC-nokogiri-CVE-2013-6460', 'notAffected'],
    ],
  },
  {
    file: 'erlef',
    type: 'hex',
    owns: /^Hex$/,
    examples: [
      ['absinthe', '1.7.0', 'EEF-CVE-2026-42793', 'affected'],
      ['absinthe', '1.10.2', 'EEF-CVE-2026-42793', 'notAffected'],
      ['phoenix', '1.8.0-rc.1', 'EEF-CVE-2026-32689', 'notAffected'],
    ],
  },
  {
    file: 'haskell',
    type: 'hackage',
    owns: /^Hackage$/,
    examples: [
      ['aeson', '2.0.0.0', 'HSEC-2023-0001', 'affected'],
      ['aeson', '2.0.1.0', 'HSEC-2023-0001', 'notAffected'],
    ],
  },
  {
    file: 'osv-samples',
    type: 'swift',
    owns: /^SwiftURL$/,
    examples: [
      ['github.com/Apple/swift-nio', '2.41.0', 'GHSA-7fj7-39wj-c64f', 'affected'],
      ['github.com/apple/swift-nio', '2.42.0', 'GHSA-7fj7-39wj-c64f', 'notAffected'],
    ],
  },
  {
    file: 'osv-samples',
    type: 'pub',
    owns: /^Pub$/,
    examples: [
      ['archive', '3.3.7', 'GHSA-r285-q736-9v95', 'affected'],
      ['archive', '3.3.8', 'GHSA-r285-q736-9v95', 'notAffected'],
    ],
  },
  {
    file: 'osv-samples',
    type: 'cran',
    owns: /^CRAN$/,
    examples: [
      ['readxl', '1.0.0', 'RSEC-2023-0', 'affected'],
      ['readxl', '1.1.0', 'RSEC-2023-0', 'notAffected'],
    ],
  },
  {
    file: 'osv-samples',
    type: 'julia',
    owns: /^Julia$/,
    examples: [
      ['Bzip2_jll', '1.0.6+5', 'JLSEC-2025-10', 'affected'],
      ['Bzip2_jll', '1.0.7+0', 'JLSEC-2025-10', 'notAffected'],
    ],
  },
  {
    file: 'osv-samples',
    type: 'composer',
    owns: /^Packagist$/,
    examples: [],
  },
  {
    file: 'osv-samples',
    type: 'gem',
    owns: /^RubyGems$/,
    examples: [],
  },
  {
    file: 'osv-samples',
    type: 'npm',
    owns: /^npm$/,
    examples: [],
  },
]

test('what nobody publishes advisories about is unknown, and says so', () => {
  for (const type of ['cocoapods', 'conda', 'cpan', 'wordpress']) {
    const lookup = findEcosystem(type)?.lookup({ type, name: 'a', version: '1' }, undefined)
    assert.equal(lookup?.kind, 'unknown', type)
    assert.match(lookup?.kind === 'unknown' ? lookup.reason : '', /no source publishes advisories/)
  }
})

for (const { file, type, owns, unjudged = 0, examples } of sources) {
  const path = sharedData('advisories', `${file}.ndjson.zst`)
  const skip = path === undefined ? 'shared data is absent' : false
  test(`${type}: the advisories of ${file} are judged by its comparer`, { skip }, () => {
    const ecosystem = findEcosystem(type)
    assert.ok(ecosystem !== undefined)
    const byId = new Map<string, readonly AffectedPackage[]>()
    const doubts: string[] = []
    for (const line of zstdDecompressSync(readFileSync(path ?? ''))
      .toString()
      .split('\n')) {
      if (line === '') continue
      const read = parseOsvRecord(JSON.parse(line))
      // Some of the samples were cut for the tests that they are of.
      if (read.kind === 'refused' && file === 'osv-samples') continue
      assert.equal(read.kind, 'advisory')
      if (read.kind !== 'advisory') continue
      const affected = read.advisory.affected.filter((it) => owns.test(it.ecosystem))
      byId.set(read.advisory.id, affected)
      for (const it of affected) {
        assert.ok(ecosystem.ownsAdvisoryEcosystem(it.ecosystem), it.ecosystem)
        doubts.push(...it.unknownRanges.map((why) => `${read.advisory.id}: ${why}`))
      }
    }
    const judged = doubts.filter((why) => !why.endsWith('the range is in commits'))
    assert.equal(judged.length, unjudged, judged.slice(0, 5).join('; '))
    for (const [name, version, id, verdict] of examples) {
      const lookup = ecosystem.lookup({ type, name, version }, undefined)
      assert.equal(lookup.kind, 'keys')
      const keys = lookup.kind === 'keys' ? lookup.keys : []
      const entries = (byId.get(id) ?? []).filter((it) =>
        keys.some((key) => key.ecosystem === it.ecosystem && key.name === it.name),
      )
      assert.ok(entries.length > 0, `${id} does not speak of ${name}`)
      const verdicts = entries.map(
        (it) => matchPackage(version, it, ecosystem.compareVersions).kind,
      )
      assert.ok(verdicts.includes(verdict as never), `${id} ${name} ${version}: ${verdicts.join()}`)
    }
  })
}
