import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedFinding, ListedPackage, SbomInventory } from './inventory.ts'
import { writeCycloneDx } from './write-cyclonedx.ts'
import { writeSpdx } from './write-spdx.ts'

const tool = { name: 'pratique', version: '1.2.3' }
const digest = `sha256:${'a'.repeat(64)}`

function npm(name: string, more: Partial<ListedPackage> = {}): ListedPackage {
  return {
    package: { type: 'npm', name, version: '1.0.0' },
    path: 'app/package-lock.json',
    evidence: 'declared',
    extractorId: 'npm-lock',
    layerDigest: digest,
    ...more,
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

function inventory(more: Partial<SbomInventory> = {}): SbomInventory {
  return {
    subject: { name: 'team/App', digest, architecture: 'arm64' },
    distribution: { id: 'debian', versionId: '12', idLike: [] },
    packages: [],
    gaps: [],
    scannedAt: new Date('2026-11-26T10:51:07.891Z'),
    ...more,
  }
}

interface Written {
  readonly [name: string]: unknown
  readonly components: readonly Readonly<Record<string, unknown>>[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
  readonly compositions: readonly {
    readonly aggregate: string
    readonly dependencies?: readonly string[]
  }[]
}

function write(given: SbomInventory): Written {
  return JSON.parse(writeCycloneDx(given, tool)) as Written
}

function component(given: SbomInventory, name: string): Readonly<Record<string, unknown>> {
  const found = write(given).components.find((it) => it['name'] === name)
  assert.ok(found !== undefined, `no component ${name}`)
  return found
}

test('an image whose list of packages has gaps is never said to be whole', () => {
  const { metadata, compositions } = write(inventory({ gaps: ['the rpm database is not read'] }))
  assert.deepEqual(compositions, [{ aggregate: 'incomplete', assemblies: ['image'] }])
  assert.match(JSON.stringify(metadata), /pratique:coverage.*the rpm database is not read/)
  const spdx = writeSpdx(inventory({ gaps: ['the rpm database is not read'] }), tool)
  assert.match(spdx, /coverage: incomplete: the rpm database is not read/)
  assert.doesNotMatch(spdx, /coverage: complete/)
})

test('an image is named by its purl, its digest and the time of its scan', () => {
  const { metadata, compositions } = write(inventory())
  assert.deepEqual(metadata, {
    timestamp: '2026-11-26T10:51:07Z',
    tools: { components: [{ type: 'application', ...tool }] },
    component: {
      type: 'container',
      'bom-ref': 'image',
      name: 'team/App',
      version: digest,
      purl: `pkg:oci/app@sha256%3A${'a'.repeat(64)}?arch=arm64`,
    },
    properties: [{ name: 'pratique:generated', value: 'true' }],
  })
  assert.deepEqual(compositions, [{ aggregate: 'complete', assemblies: ['image'] }])
})

test('a component tells where it was found, by what, and how sure that is', () => {
  const owner = { type: 'deb', name: 'node-x', version: '1', architecture: 'all' }
  const found = component(
    inventory({
      packages: [npm('@scope/x', { owner, passedOver: 'development', isDevelopment: true })],
    }),
    'x',
  )
  const { 'bom-ref': _ref, ...rest } = found
  assert.deepEqual(rest, {
    type: 'library',
    group: '@scope',
    name: 'x',
    version: '1.0.0',
    scope: 'excluded',
    purl: 'pkg:npm/%40scope/x@1.0.0',
    evidence: {
      identity: [
        {
          field: 'purl',
          confidence: 0.5,
          methods: [
            { technique: 'manifest-analysis', confidence: 0.5, value: 'app/package-lock.json' },
          ],
        },
      ],
      occurrences: [{ location: 'app/package-lock.json' }],
    },
    properties: [
      { name: 'pratique:type', value: 'npm' },
      { name: 'pratique:layer', value: digest },
      { name: 'pratique:extractor', value: 'npm-lock' },
      { name: 'pratique:evidence', value: 'declared' },
      { name: 'pratique:passed-over', value: 'development' },
      { name: 'pratique:owner', value: 'pkg:deb/debian/node-x@1?arch=all&distro=debian-12' },
    ],
  })
})

test('the system is a component of its own', () => {
  const distribution = {
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    idLike: ['x'],
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
  }
  assert.deepEqual(component(inventory({ distribution }), 'debian'), {
    type: 'operating-system',
    'bom-ref': 'operating-system',
    name: 'debian',
    version: '12',
    description: 'Debian GNU/Linux 12 (bookworm)',
    properties: [
      { name: 'pratique:distribution:id-like', value: 'x' },
      { name: 'pratique:distribution:codename', value: 'bookworm' },
    ],
  })
})

test('licences: identifiers as such, one expression alone, other text as names', () => {
  const of = (...licenses: readonly string[]): unknown =>
    component(inventory({ packages: [npm('x', { licenses })] }), 'x')['licenses']
  assert.deepEqual(of('MIT'), [{ license: { id: 'MIT' } }])
  assert.deepEqual(of('MIT OR Apache-2.0'), [{ expression: 'MIT OR Apache-2.0' }])
  assert.deepEqual(of('MIT OR Apache-2.0', 'ISC', 'ISC', 'ours'), [
    { license: { name: 'MIT OR Apache-2.0' } },
    { license: { id: 'ISC' } },
    { license: { name: 'ours' } },
  ])
  assert.equal(of('UNKNOWN'), undefined)
})

test('needs are resolved within their own file; what is not there is left out and said', () => {
  const packages = [
    npm('a', { dependsOn: ['b', 'c@1.0.0', 'gone'] }),
    npm('b', { dependsOn: [] }),
    npm('c'),
    npm('b', { path: 'other/package-lock.json' }),
    npm('d', { dependsOn: ['twice'] }),
    npm('twice'),
    { ...npm('twice'), package: { type: 'npm', name: 'twice', version: '2.0.0' } },
  ]
  const written = write(inventory({ packages }))
  const names = new Map(
    written.components.map((it) => [
      it['bom-ref'],
      `${String(it['name'])} ${(JSON.stringify(it['evidence']) ?? '').includes('other/') ? 'other' : ''}`.trim(),
    ]),
  )
  const told = written.dependencies.map(({ ref, dependsOn }) => [
    names.get(ref),
    dependsOn.map((to) => String(names.get(to))).toSorted(byText),
  ])
  assert.deepEqual(
    told.toSorted((a, b) => byText(String(a[0]), String(b[0]))),
    [
      ['a', ['b', 'c']],
      ['b', []],
    ],
  )
  const incomplete = written.compositions.filter(({ aggregate }) => aggregate === 'incomplete')
  assert.deepEqual(
    incomplete
      .flatMap(({ dependencies: refs }) => refs ?? [])
      .map((ref) => String(names.get(ref)))
      .toSorted(byText),
    ['a', 'd'],
  )
  const spdx = writeSpdx(inventory({ packages }), tool)
  assert.equal(spdx.match(/DEPENDS_ON/g)?.length, 2)
  assert.equal(spdx.match(/some of its dependencies are not in this document/g)?.length, 2)
})

const finding: ListedFinding = {
  vulnerability: 'CVE-2026-0001',
  aliases: ['GHSA-1'],
  url: 'https://example.com/CVE-2026-0001',
  verdict: 'affected',
  severity: 'HIGH',
  severitySource: 'CVSS 3.1',
  score: 7.5,
  vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
  fixedVersion: '1.0.1',
  summary: 'It falls over',
  advisory: { id: 'GHSA-1', source: 'npm' },
  confidence: 'low',
  purl: 'pkg:npm/x@1.0.0',
  paths: ['app/package-lock.json'],
}

function writeFindings(...listed: readonly ListedFinding[]): readonly unknown[] {
  const packages = [npm('x'), npm('x', { path: 'elsewhere' })]
  const written = write(
    inventory({ packages, findings: { listed, dataRevision: 7, gaps: ['no data for PyPI'] } }),
  )
  assert.match(JSON.stringify(written['metadata']), /pratique:data-revision","value":"7"/)
  assert.match(JSON.stringify(written['metadata']), /findings-coverage","value":"no data for PyPI"/)
  const { vulnerabilities } = written
  return Array.isArray(vulnerabilities) ? vulnerabilities : []
}

test('a finding names the component at its place, its rating, its fix', () => {
  const [written] = writeFindings(finding)
  const ref = component(inventory({ packages: [npm('x')] }), 'x')['bom-ref']
  assert.deepEqual(written, {
    'bom-ref': 'finding-1',
    id: 'CVE-2026-0001',
    source: { name: 'npm', url: 'https://example.com/CVE-2026-0001' },
    references: [{ id: 'GHSA-1', source: { name: 'npm' } }],
    ratings: [
      {
        source: { name: 'CVSS 3.1' },
        score: 7.5,
        severity: 'high',
        method: 'CVSSv31',
        vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
      },
    ],
    description: 'It falls over',
    recommendation: 'Upgrade to 1.0.1',
    advisories: [{ url: 'https://example.com/CVE-2026-0001' }],
    affects: [{ ref, versions: [{ version: '1.0.0', status: 'affected' }] }],
    properties: [
      { name: 'pratique:advisory', value: 'GHSA-1' },
      { name: 'pratique:confidence', value: 'low' },
    ],
  })
})

test('a finding that could not be judged is unknown; one that is listed apart says why', () => {
  const analysis = { state: 'in_triage', detail: 'the distribution does not name it' } as const
  const written = writeFindings(
    { ...finding, verdict: 'unknown', severity: 'UNDEFINED', vector: undefined, score: undefined },
    { ...finding, analysis },
    { ...finding, url: 'javascript:alert(1)', vector: 'AV:N/AC:L/Au:N/C:N/I:N/A:C' },
  )
  assert.match(JSON.stringify(written[0]), /"status":"unknown"/)
  assert.match(JSON.stringify(written[0]), /"severity":"unknown","method":"other"/)
  assert.match(JSON.stringify(written[1]), /"analysis":\{"state":"in_triage","detail":"the dist/)
  assert.match(JSON.stringify(written[2]), /"method":"CVSSv2"/)
  assert.doesNotMatch(JSON.stringify(written[2]), /javascript/)
})

test('a document without findings has no word of vulnerabilities, not an empty list of them', () => {
  assert.equal(write(inventory())['vulnerabilities'], undefined)
})
