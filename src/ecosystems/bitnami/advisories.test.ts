// What Bitnami's database says about the components of Bitnami's images.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advisoryLines } from '../../../test/kit/advisory-data.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'
import { componentsWithRecords } from './components.ts'
import { bitnami } from './ecosystem.ts'

async function verdicts(
  t: Parameters<typeof advisoryLines>[0],
  cases: readonly (readonly [id: string, name: string, version: string, expected: string])[],
): Promise<void> {
  const lines = await advisoryLines(t, 'bitnami')
  for (const [id, name, version, expected] of cases) {
    const line = lines?.find((text) => text.includes(`"id":"${id}"`))
    if (line === undefined) continue
    const record = parseOsvRecord(JSON.parse(line))
    assert.ok(record.kind === 'advisory', id)
    const affected = record.advisory.affected.filter((entry) => entry.name === name)
    assert.equal(affected.length, 1, id)
    for (const entry of affected)
      assert.equal(
        matchPackage(version, entry, bitnami.compareVersions).kind,
        expected,
        `${id}: ${name} ${version}`,
      )
  }
}

test('components meet their records, to the revision', async (t) => {
  await verdicts(t, [
    ['BIT-pgpool-2025-22248', 'pgpool', '4.6.0', 'affected'],
    ['BIT-pgpool-2025-22248', 'pgpool', '4.6.0-0', 'affected'],
    ['BIT-pgpool-2025-22248', 'pgpool', '4.6.0-1', 'notAffected'],
    ['BIT-pgpool-2025-22248', 'pgpool', '4.6.0-12', 'notAffected'],
    ['BIT-wordpress-2025-41240', 'wordpress', '6.7.2-6', 'notAffected'],
    ['BIT-wordpress-2025-41240', 'wordpress', '6.7.2-10', 'affected'],
    ['BIT-wordpress-2025-41240', 'wordpress', '6.8.2-0', 'affected'],
    ['BIT-wordpress-2025-41240', 'wordpress', '6.8.2-1', 'notAffected'],
    ['BIT-java-2022-34169', 'java', '17.0.3-1', 'affected'],
    ['BIT-java-2022-34169', 'java', '17.0.3-2', 'notAffected'],
    ['BIT-sass-2022-43357', 'sass', '3.6.6-1', 'notAffected'],
    ['BIT-golang-2024-24790', 'golang', '1.22.0-3', 'affected'],
    ['BIT-golang-2024-24790', 'golang', '1.22.4-0', 'notAffected'],
    ['BIT-pgpool-2025-22248', 'pgpool', 'nightly', 'unknown'],
  ])
})

test('the list of components that Bitnami has records of is the database’s own', async (t) => {
  const names = new Set<string>()
  for (const line of (await advisoryLines(t, 'bitnami')) ?? []) {
    const record = parseOsvRecord(JSON.parse(line))
    if (record.kind === 'advisory') for (const { name } of record.advisory.affected) names.add(name)
  }
  if (names.size > 0) assert.deepEqual([...componentsWithRecords], [...names].toSorted())
})

test('a component that nobody has records of is told as not judged', () => {
  const found = (name: string): string =>
    bitnami.lookup({ type: 'bitnami', name, version: '1.0.0-1' }, undefined).kind
  assert.equal(found('postgresql'), 'keys')
  assert.equal(found('PostgreSQL'), 'keys')
  assert.equal(found('render-template'), 'unknown')
})
