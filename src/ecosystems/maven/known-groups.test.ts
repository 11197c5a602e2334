import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import { knownArtifacts, knownGroup } from './known-groups.ts'

/** Other groups that advisories name for an artifact of the table: copies under another name, and predecessors. */
const othersOnPurpose = new Set([
  // Advisories about versions before the group changed.
  'org.codehaus.groovy:groovy',
  'org.hibernate:hibernate-core',
])

const files = ['osv-samples.ndjson.zst', 'projectkb.ndjson.zst'].map((name) =>
  sharedData('advisories', name),
)

test(
  'no group of the table contradicts the advisories that are about its artifact',
  { skip: files.includes(undefined) ? 'shared data is absent' : false },
  () => {
    const groups = Map.groupBy(mavenNames(), (name) => name.split(':')[1] ?? '')
    const wrong = knownArtifacts().filter(([group, artifact]) => {
      const told = groups.get(artifact) ?? []
      return (
        told.length > 0 &&
        !told.some((name) => name === `${group}:${artifact}` || othersOnPurpose.has(name))
      )
    })
    assert.ok(groups.size > 300)
    assert.deepEqual(wrong, [])
  },
)

test('the group may depend on the version, and is none where no version of it is known', () => {
  assert.equal(knownGroup('okhttp', '2.7.5'), 'com.squareup.okhttp')
  assert.equal(knownGroup('okhttp', '4.9.0'), 'com.squareup.okhttp3')
  assert.equal(knownGroup('okhttp', 'none'), undefined)
  assert.equal(knownGroup('spring-boot-autoconfigure', '2.5.3'), 'org.springframework.boot')
  assert.equal(knownGroup('spring-boot-admin-server', '2.5.3'), undefined)
  assert.equal(knownGroup('shop', '1'), undefined)
})

function mavenNames(): readonly string[] {
  const lines = files.flatMap((file) =>
    zstdDecompressSync(readFileSync(file ?? ''))
      .toString()
      .split('\n'),
  )
  const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as OsvRecord)
  const packages = records.flatMap(({ affected = [] }) => affected.map((entry) => entry.package))
  return [...new Set(packages.flatMap((it) => (it?.ecosystem === 'Maven' ? [it.name] : [])))]
}

interface OsvRecord {
  readonly affected?: readonly {
    readonly package?: { readonly ecosystem: string; readonly name: string }
  }[]
}
