import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOsvRecord } from '../../ecosystems/osv.ts'
import type { Advisory } from '../../ecosystems/advisory.ts'
import { osvRecord, type RecordFacts } from '../../../test/kit/advisories.ts'
import { differencesOf, type Facet } from './advisory-differences.ts'

function advisory(facts: Partial<RecordFacts> & { readonly affected?: unknown } = {}): Advisory {
  const { affected, ...told } = facts
  const record = osvRecord({ id: 'A-1', fixed: '2.0', ...told })
  const read = parseOsvRecord(affected === undefined ? record : { ...record, affected })
  if (read.kind !== 'advisory') throw new Error(read.reason)
  return read.advisory
}

const npm = (name: string, events: readonly object[]): object => ({
  package: { ecosystem: 'npm', name },
  ranges: [{ type: 'SEMVER', events }],
})
const ended = [{ introduced: '0' }, { fixed: '2.0' }]

const cases: readonly (readonly [name: string, after: Advisory, what: readonly Facet[]])[] = [
  ['nothing', advisory(), []],
  [
    'its dates and words',
    advisory({ modified: '2026-11-09T00:00:00Z', summary: 'new' }),
    ['texts'],
  ],
  ['that it was withdrawn', advisory({ withdrawn: '2026-11-09T00:00:00Z' }), ['withdrawn']],
  ['the version that fixes it', advisory({ fixed: '2.1' }), ['fix']],
  [
    'its severity',
    advisory({ severity: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }),
    ['severity'],
  ],
  ['its other ids', advisory({ aliases: ['CVE-2026-0001'] }), ['ids']],
  [
    'where the range begins',
    advisory({ affected: [npm('left-pad', [{ introduced: '1.0' }, { fixed: '2.0' }])] }),
    ['ranges'],
  ],
  [
    'that there is no fix any more',
    advisory({ affected: [npm('left-pad', [{ introduced: '0' }])] }),
    ['ranges', 'fix'],
  ],
  [
    'another package beside',
    advisory({ affected: [npm('right-pad', ended), npm('left-pad', ended)] }),
    ['ranges', 'fix', 'severity'],
  ],
]

for (const [name, after, what] of cases)
  test(`tells ${name}`, () => assert.deepEqual(differencesOf(advisory(), after), what))

test('the order of packages says nothing', () => {
  const [one, other] = [npm('a', ended), npm('b', ended)]
  const before = advisory({ affected: [one, other] })
  assert.deepEqual(differencesOf(before, advisory({ affected: [other, one] })), [])
})
