import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { digestOf } from '../oci/digest.ts'
import { maxSbomPackages } from '../sbom/inventory.ts'
import { inventoryGaps } from './rules/inventory-gaps.ts'
import { writeSbom } from './write-sbom.ts'

test('an image with more packages than a document may list is refused, with the number', async (t) => {
  const reader = await temporaryDatabase(t)
  const instance = {
    package: { type: 'npm', name: 'x', version: '1' },
    path: 'x',
    evidence: 'installed',
    extractorId: 'x',
    layerDigest: digestOf(Buffer.from('x')),
  } as const
  const instances = Array.from({ length: maxSbomPackages + 1 }, () => instance)
  const image = { instances, databases: [], lostInstances: [], problems: [], notes: [] }
  const input = {
    image,
    subject: { name: 'huge' },
    scannedAt: new Date(0),
    format: 'spdx',
  } as const
  await assert.rejects(
    writeSbom({ reader, tool: { name: 'x', version: '1' } }, input),
    /huge has 100001 packages; a document lists at most 100000/,
  )
})

test('gaps name their files; of many unreadable files the first are named and the rest counted', () => {
  const problems = Array.from({ length: 23 }, (_, at) => ({
    code: 'UNREADABLE' as const,
    path: `f${at}`,
    reason: 'is broken',
    layerDigest: digestOf(Buffer.from('x')),
  }))
  const notes = [{ code: 'OS_UNKNOWN', message: 'no system' }] as const
  const gaps = inventoryGaps({ notes, problems })
  assert.deepEqual(gaps.slice(0, 2), ['no system', 'f0: is broken'])
  assert.deepEqual([gaps.length, gaps.at(-1)], [22, '3 more files could not be read'])
})
