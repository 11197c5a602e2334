import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { dpkg, osRelease, push, result, runScan, scanPlace } from '../../test/kit/scanning.ts'
import { countFindings } from './count-findings.ts'
import { openSuppressions } from './suppressions.ts'
import { summarizeScan } from './summarize-scan.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'

const { signal } = new AbortController()

test('the numbers of a summary are those of the list: before they are counted, after, and while data change', async (t) => {
  const place = await scanPlace(t)
  const record = (id: string): unknown =>
    osvRecord({ id, name: 'openssl', ecosystem: 'Debian:12', fixed: '9' })
  await importRecords(place, [record('CVE-2026-1'), record('CVE-2026-2')])
  const files = {
    'etc/os-release': osRelease.debian12,
    'var/lib/dpkg/status': dpkg(['openssl', '3.0'], ['bash', '5.2']),
  }
  const { digest } = await push(place, { layers: [layerOf(files)] })
  await runScan(place, digest)
  const suppressions = openSuppressions({
    reader: place.database,
    clock: place.clock,
    keys: [],
    hosts: () => [],
  })
  const summary = async (): Promise<unknown> => {
    const repository = await findRepositoryById(place.database, 1)
    assert.ok(repository)
    const { scan: found } = await result(place, digest)
    return (await summarizeScan({ reader: place.database, suppressions }, repository, found)).counts
  }
  assert.deepEqual(await summary(), { UNDEFINED: 2 })
  await countFindings(place, { signal })
  assert.deepEqual(await summary(), { UNDEFINED: 2 })
  await importRecords(place, [record('CVE-2026-1')], { confirmLoss: true })
  assert.deepEqual(await summary(), { UNDEFINED: 1 })
  await reevaluatePackages(place, {}, { signal })
  assert.deepEqual(await summary(), { UNDEFINED: 1 })
  await countFindings(place, { signal })
  assert.deepEqual(await summary(), { UNDEFINED: 1 })
})
