// Real advisories about libraries meet the packages that they are about: import, name, range.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { Package } from './ecosystem.ts'
import { matchPackage } from './match.ts'
import { parseOsvRecord } from './osv.ts'
import { ecosystemOfAdvisory, findEcosystem } from './table.ts'

const samples = sharedData('advisories', 'osv-samples.ndjson.zst')
const skip = samples === undefined ? 'shared data is absent' : false

interface Sample {
  readonly id: string
  readonly affected?: readonly {
    readonly package?: { readonly ecosystem: string; readonly name: string }
    readonly versions?: readonly string[]
    readonly ranges?: readonly {
      readonly type: string
      readonly events: readonly Readonly<Record<string, string>>[]
    }[]
  }[]
}

/** As the package's own files may spell its name. */
const spellings: Readonly<Record<string, (name: string) => string>> = {
  pypi: (name) => name.toUpperCase().replaceAll('-', '_'),
  maven: (name) => name,
  nuget: (name) => name.toUpperCase(),
}

const types = { PyPI: 'pypi', Maven: 'maven', NuGet: 'nuget' } as const

for (const [ecosystem, type] of Object.entries(types)) {
  test(
    `advisories of ${ecosystem} meet the packages they name, before the fix and not after it`,
    { skip },
    () => {
      const entries = readSamples().flatMap((record) =>
        (record.affected ?? []).flatMap((entry, _, all) => {
          const told = entry.package
          if (told?.ecosystem !== ecosystem) return []
          const isOnly = all.filter((other) => other.package?.name === told.name).length === 1
          return [{ record, entry, name: told.name, isOnly }]
        }),
      )
      let judged = 0
      for (const { record, entry, name: told, isOnly } of entries) {
        const name = spellings[type]?.(told) ?? ''
        const verdict = (version: string): string => judge(record, { type, name, version })
        const events = (entry.ranges ?? []).flatMap((range) =>
          range.type === 'GIT' ? [] : range.events,
        )
        const introduced = events.flatMap((event) => event['introduced'] ?? [])
        const vulnerable = [...(entry.versions ?? []), ...introduced].filter((text) => text !== '0')
        for (const version of vulnerable)
          assert.equal(verdict(version), 'affected', `${record.id}: ${name} ${version}`)
        judged += vulnerable.length
        // Of several ranges one may begin where another ends.
        const [fixed] =
          events.length > 2 || !isOnly ? [] : events.flatMap((event) => event['fixed'] ?? [])
        if (fixed !== undefined && !vulnerable.includes(fixed))
          assert.notEqual(verdict(fixed), 'affected', `${record.id}: ${name} ${fixed}`)
      }
      assert.ok(judged > 50, String(judged))
    },
  )
}

test('a Java archive without a group is looked up nowhere, and that is said', () => {
  const lookup = findEcosystem('maven')?.lookup(
    { type: 'maven', name: 'shop', version: '1' },
    undefined,
  )
  assert.deepEqual(lookup, {
    kind: 'unknown',
    reason: 'a Java archive does not tell the group of its artifact',
    scope: 'package',
  })
})

test('a local version of Python that tells of a build is judged as its release, one of a repair is above it', () => {
  const versionOf = (version: string): string | undefined => {
    const lookup = findEcosystem('pypi')?.lookup(
      { type: 'pypi', name: 'Torch.Vision', version },
      undefined,
    )
    return lookup?.kind === 'keys'
      ? `${lookup.keys[0]?.name} ${lookup.keys[0]?.version}`
      : undefined
  }
  assert.equal(versionOf('2.0.1+cu118'), 'torch-vision 2.0.1')
  assert.equal(versionOf('2.31.0+cgr.1'), 'torch-vision 2.31.0+cgr.1')
  assert.equal(versionOf('2.31.0+root.io.1'), 'torch-vision 2.31.0+root.io.1')
  const advisory = {
    id: 'X-1',
    affected: [
      {
        package: { ecosystem: 'PyPI', name: 'requests' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { last_affected: '2.31.0' }] }],
      },
    ],
  }
  const verdict = (version: string): string =>
    judge(advisory, { type: 'pypi', name: 'requests', version })
  assert.equal(verdict('2.31.0+cgr.1'), 'notAffected')
  assert.equal(verdict('2.31.0+local'), 'affected')
})

/** The verdict for a package that was found, as a scan reaches it: by all that the record says of its name. */
function judge(record: object, found: Package): string {
  const reading = parseOsvRecord(record)
  const lookup = findEcosystem(found.type)?.lookup(found, undefined)
  const key = lookup?.kind === 'keys' ? lookup.keys[0] : undefined
  assert.ok(reading.kind === 'advisory' && key !== undefined)
  const about = reading.advisory.affected.filter(
    ({ ecosystem, name }) => ecosystem === key.ecosystem && name === key.name,
  )
  const compare = ecosystemOfAdvisory(key.ecosystem)?.compareVersions
  assert.ok(about.length > 0 && compare !== undefined, `${key.ecosystem} ${key.name}`)
  const kinds = about.map((affected) => matchPackage(key.version, affected, compare).kind)
  return kinds.find((kind) => kind === 'affected') ?? kinds[0] ?? 'none'
}

function readSamples(): readonly Sample[] {
  const lines = zstdDecompressSync(readFileSync(samples ?? ''))
    .toString()
    .split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Sample)
}
