// The small rules by which images and findings are told in Inspector's words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverageOf } from './coverage-reason.ts'
import { findingColumns, tableLine, type FindingRow } from './findings-table.ts'
import { platformWord } from './platform-word.ts'
import { vendorWord } from './record-order.ts'
import { splitVersion } from './split-version.ts'

const ended = {
  status: 'COMPLETE',
  hasEnded: true,
  hasLeft: false,
  engine: 'e1',
  wasJudged: true,
  hasPackages: true,
}

const coverages = [
  [undefined, 'CONTINUOUS_SCAN', 'ACTIVE PENDING_INITIAL_SCAN'],
  [undefined, 'MANUAL', 'INACTIVE SCAN_FREQUENCY_MANUAL'],
  [{ ...ended, status: 'PENDING' }, 'CONTINUOUS_SCAN', 'ACTIVE PENDING_INITIAL_SCAN'],
  [{ ...ended, status: 'IN_PROGRESS' }, 'CONTINUOUS_SCAN', 'ACTIVE SCAN_IN_PROGRESS'],
  [{ ...ended, status: 'FAILED' }, 'CONTINUOUS_SCAN', 'INACTIVE INTERNAL_ERROR'],
  [{ ...ended, status: 'UNSUPPORTED_IMAGE' }, 'CONTINUOUS_SCAN', 'INACTIVE UNSUPPORTED_OS'],
  [
    { ...ended, status: 'UNSUPPORTED_IMAGE', hasPackages: false },
    'CONTINUOUS_SCAN',
    'INACTIVE NO_INVENTORY',
  ],
  [
    { ...ended, status: 'UNSUPPORTED_IMAGE', wasJudged: false },
    'CONTINUOUS_SCAN',
    'INACTIVE UNSUPPORTED_MEDIA_TYPE',
  ],
  [ended, 'CONTINUOUS_SCAN', 'ACTIVE SUCCESSFUL'],
  [{ ...ended, engine: 'e0' }, 'CONTINUOUS_SCAN', 'ACTIVE STALE_INVENTORY'],
  [{ ...ended, hasLeft: true }, 'CONTINUOUS_SCAN', 'INACTIVE SCAN_ELIGIBILITY_EXPIRED'],
  [ended, 'SCAN_ON_PUSH', 'INACTIVE SCAN_FREQUENCY_SCAN_ON_PUSH'],
  [ended, 'MANUAL', 'INACTIVE SCAN_FREQUENCY_MANUAL'],
] as const

for (const [scan, frequency, expected] of coverages) {
  test(`an image with ${scan?.status ?? 'no scan'} under ${frequency} is ${expected}`, () => {
    const { statusCode, reason } = coverageOf(scan, { frequency, engine: 'e1' })
    assert.equal(`${statusCode} ${reason}`, expected)
  })
}

test('versions of systems come apart, those of libraries stay whole', () => {
  assert.deepEqual(splitVersion('deb', '1:2.36-9+deb12u3'), {
    epoch: 1,
    version: '2.36',
    release: '9+deb12u3',
  })
  assert.deepEqual(splitVersion('rpm', '2.34-60.el9'), { version: '2.34', release: '60.el9' })
  assert.deepEqual(splitVersion('apk', '1.2.3-r4'), { version: '1.2.3', release: 'r4' })
  assert.deepEqual(splitVersion('deb', '-'), { version: '-' })
  assert.deepEqual(splitVersion('npm', '1.0.0-beta.1'), { version: '1.0.0-beta.1' })
})

test('platforms are named as Inspector names them', () => {
  assert.equal(platformWord({ id: 'debian', versionId: '12' }), 'DEBIAN_12')
  assert.equal(platformWord({ id: 'alpine', versionId: '3.18.4' }), 'ALPINE_LINUX_3_18')
  assert.equal(platformWord({ id: 'amzn', versionId: '2023' }), 'AMAZON_LINUX_2023')
  assert.equal(platformWord({ id: 'wolfi' }), 'WOLFI')
})

test('only a word of a vendor is one', () => {
  assert.equal(vendorWord('important'), 'important')
  assert.equal(vendorWord('CVSS 3.1'), undefined)
  assert.equal(vendorWord('NVD CVSS 3.1'), undefined)
  assert.equal(vendorWord(undefined), undefined)
})

test('a field of a table ends no row and begins no formula', () => {
  const empty = Object.fromEntries(findingColumns.map((column) => [column, ''])) as FindingRow
  const line = tableLine({ ...empty, Title: 'a "b", c\nd', Severity: '=cmd()' })
  assert.ok(line.startsWith(`,'=cmd(),,,"a ""b"", c\nd",`), line)
  assert.ok(line.endsWith('\r\n'))
})
