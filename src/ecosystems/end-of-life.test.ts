import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { Distribution } from './ecosystem.ts'
import { endOfLife } from './end-of-life.ts'
import { distributionDates } from './release-dates.ts'

function judged(distribution: Distribution, day: string): string {
  const end = endOfLife(distribution, new Date(`${day}T12:00:00Z`))
  switch (end.kind) {
    case 'supported':
      return ['supported', end.until, end.by].filter((word) => word !== undefined).join(' ')
    case 'ended': {
      const { extension } = end
      return `ended ${end.since}${extension === undefined ? '' : `; ${extension.name} ${extension.until}`}`
    }
    case 'unknown':
      return end.reason
  }
}

const cases: readonly (readonly [
  id: string,
  version: string | undefined,
  day: string,
  expected: string,
  more?: Partial<Distribution>,
])[] = [
  ['templeos', '5.03', '2026-01-01', 'no dates are known for templeos'],
  ['debian', undefined, '2026-01-01', 'this debian is no release', { codename: 'forky' }],
  ['debian', '99', '2026-01-01', 'no dates are known for debian 99'],
  ['alpine', '3.23_alpha20250612', '2026-01-01', 'this alpine is no release'],
  ['ubuntu', '22.04; drop', '2026-01-01', 'this ubuntu is no release'],
  ['mariner', '2.0', '2026-01-01', 'no dates are known for mariner'],
  ['raspbian', '12', '2026-01-01', 'no dates are known for raspbian', { idLike: ['debian'] }],
  ['alpine', '3.19.1', '2025-11-01', 'supported 2025-11-01'],
  ['alpine', '3.19.1', '2025-11-02', 'ended 2025-11-01'],
  ['debian', '12', '2026-07-11', 'supported 2026-07-11'],
  ['debian', '12', '2026-07-12', 'supported 2028-06-30 Debian LTS'],
  ['debian', '11', '2026-09-01', 'ended 2026-08-31'],
  ['debian', '3.1', '2026-01-01', 'ended 2008-03-31'],
  ['ubuntu', '20.04', '2025-05-31', 'supported 2025-05-31'],
  ['ubuntu', '20.04', '2025-06-01', 'ended 2025-05-31; Ubuntu Pro (ESM) 2030-04-02'],
  [
    'ubuntu',
    '20.04',
    '2025-06-01',
    'supported 2030-04-02 Ubuntu Pro (ESM)',
    { isSubscribed: true },
  ],
  ['ubuntu', '14.04', '2026-01-01', 'ended 2024-04-02', { isSubscribed: true }],
  ['ubuntu', '14.04', '2026-01-01', 'ended 2019-04-02'],
  ['ubuntu', '23.10', '2026-01-01', 'ended 2024-07-12'],
  ['rhel', '7.9', '2026-01-01', 'ended 2024-06-30; Red Hat Extended Life-cycle Support 2029-05-31'],
  ['rhel', '9.4', '2026-01-01', 'supported 2032-05-31'],
  ['centos', '8', '2022-01-01', 'ended 2021-12-31', { prettyName: 'CentOS Linux 8' }],
  ['centos', '8', '2022-01-01', 'supported 2024-05-31', { prettyName: 'CentOS Stream 8' }],
  ['centos', '7', '2026-01-01', 'ended 2024-06-30'],
  ['amzn', '2', '2026-07-01', 'ended 2026-06-30'],
  ['amzn', '2023', '2026-07-01', 'supported 2029-06-30'],
  ['amzn', '2018.03', '2026-07-01', 'ended 2023-12-31'],
  ['ol', '8.9', '2026-01-01', 'supported 2029-07-31'],
  ['sles', '15.5', '2026-01-01', 'ended 2024-12-31; SUSE LTSS 2027-12-31'],
  ['sles', '15', '2026-01-01', 'ended 2019-12-31'],
  ['opensuse-leap', '15.6', '2026-01-01', 'supported 2026-04-30'],
  ['opensuse', '13.2', '2026-01-01', 'ended 2017-01-17'],
  ['fedora', '39', '2026-01-01', 'ended 2024-11-26'],
  ['photon', '3.0', '2026-01-01', 'ended 2025-10-02'],
  ['rocky', '8.9', '2026-01-01', 'supported 2029-05-31'],
  ['almalinux', '9.3', '2026-01-01', 'supported 2032-05-31'],
  ['wolfi', '20230201', '2026-01-01', 'supported'],
  ['arch', undefined, '2026-01-01', 'supported'],
]

for (const [id, versionId, day, expected, more = {}] of cases) {
  test(`on ${day} ${id} ${versionId ?? ''} is: ${expected}`, () => {
    const distribution = { id, idLike: [], ...(versionId !== undefined && { versionId }), ...more }
    assert.equal(judged(distribution, day), expected)
  })
}

test('dates are days, an extension ends after what it extends, and each has its source', () => {
  for (const [id, { source, extension, releases }] of distributionDates) {
    assert.match(source, /^https:\/\//, id)
    assert.ok(releases.size > 0)
    for (const [release, [end, extendedEnd]] of releases) {
      for (const day of [end, extendedEnd ?? end])
        assert.equal(
          new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10),
          day,
          `${id} ${release}`,
        )
      if (extendedEnd === undefined) continue
      assert.ok(extension !== undefined && extendedEnd > end, `${id} ${release}`)
    }
  }
})

const facts = sharedData('advisories', 'eol.json')
const ids: Readonly<Record<string, string>> = {
  'alpine-linux': 'alpine',
  debian: 'debian',
  rhel: 'rhel',
  'rocky-linux': 'rocky',
  sles: 'sles',
}

test(
  'agrees with the snapshot of the dates in the shared data',
  { skip: facts === undefined ? 'shared data is absent' : false },
  () => {
    const { products } = JSON.parse(readFileSync(facts ?? '', 'utf8')) as {
      products: Record<string, Record<string, { eol?: string; eoes?: string }>>
    }
    for (const [product, id] of Object.entries(ids)) {
      for (const [release, { eol, eoes }] of Object.entries(products[product] ?? {})) {
        if (eol === undefined) continue
        const found = distributionDates.get(id)?.releases.get(release)
        assert.deepEqual(found, eoes === undefined ? [eol] : [eol, eoes], `${id} ${release}`)
      }
    }
  },
)
