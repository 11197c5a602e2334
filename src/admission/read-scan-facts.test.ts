import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, push, repositoryId, runScan, scanPlace } from '../../test/kit/scanning.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { countFindings } from '../scanning/count-findings.ts'
import { reevaluatePackages } from '../scanning/reevaluate-packages.ts'
import { openSuppressions } from '../scanning/suppressions.ts'
import { readScanFacts } from './read-scan-facts.ts'

const { signal } = new AbortController()
const needed = { severities: new Set(['CRITICAL'] as const), firstKnown: false, dataAge: false }

test('a flaw that an import brought counts for the next decision, before packages are looked at again and counted', async (t) => {
  const place = await scanPlace(t)
  const { database, clock, contentOf } = place
  await importRecords(place, [osvRecord({ id: 'GHSA-1', name: 'other' })])
  const image = await push(place, { layers: [layerOf({ ...npmPackage('left-pad', '1.0.0') })] })
  await runScan(place, image.digest)
  await reevaluatePackages(place, {}, { signal })
  await countFindings(place, { signal })
  const repository = await findRepositoryById(database, repositoryId)
  assert.ok(repository)
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  const deps = { reader: database, clock, suppressions, contentOf }
  const read = async (): Promise<readonly string[]> => {
    const facts = await readScanFacts(deps, repository, image.digest, needed)
    assert.equal(facts.kind, 'scanned')
    return 'findings' in facts ? facts.findings.map(({ vulnerability }) => vulnerability) : []
  }
  assert.deepEqual(await read(), [])
  const severity = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
  await importRecords(place, [osvRecord({ id: 'GHSA-2', severity })], { snapshot: false })
  assert.deepEqual(await read(), ['GHSA-2'])
})
