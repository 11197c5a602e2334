import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AffectedPackage } from './advisory.ts'
import { matchPackage } from './match.ts'
import { pypi } from './pypi/ecosystem.ts'

const affected: AffectedPackage = {
  ecosystem: 'PyPI',
  name: 'a',
  versions: ['0.9', '1.0'],
  intervals: [],
  unknownRanges: [],
  severities: [],
  severityWord: undefined,
}

test('a listed version is the installed one however it is written, where nothing but the list is given', () => {
  const compare = pypi.compareVersions
  for (const version of ['1.0', '1.0.0', 'v1.0'])
    assert.equal(matchPackage(version, affected, compare).kind, 'affected')
  for (const version of ['1.0.1', '1.0+local', 'no version'])
    assert.equal(matchPackage(version, affected, compare).kind, 'notAffected')
})
