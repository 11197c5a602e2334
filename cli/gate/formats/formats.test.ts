import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { readXml, type XmlElement } from '../../../src/ecosystems/xml-document.ts'
import { admissionPolicy } from '../../../test/kit/admission.ts'
import { cycloneDxJudge } from '../../../test/kit/cyclonedx-schema.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { gateFinding, gateReport, judged, scannedState } from '../../../test/kit/gate.ts'
import { gitlabJudge } from '../../../test/kit/gitlab-report-schema.ts'
import { sarifJudge } from '../../../test/kit/sarif-schema.ts'
import { imagesOfJudged } from '../../sarif/scanned-image.ts'
import { writeSarif } from '../../sarif/write-sarif.ts'
import type { ScanState } from '../findings.ts'
import type { GateFinding } from '../gate-finding.ts'
import type { JudgedImage } from '../judge-reference.ts'
import { reportDocument } from '../report-document.ts'
import { renderGate } from '../report.ts'
import { writeAnnotations } from './annotations.ts'
import { writeVex } from './cyclonedx-vex.ts'
import { writeGitlabReport } from './gitlab.ts'
import { writeJunit } from './junit.ts'
import { writeMarkdown } from './markdown.ts'

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/gate-report-2.json', import.meta.url), 'utf8'),
)
const isReport = new Ajv({ allErrors: true }).compile(Object(schema))
const faultsOfGitlab = gitlabJudge()
const faultsOfVex = cycloneDxJudge('1.6')
const faultsOfSarif = sarifJudge()

const policy = admissionPolicy({
  version: 1,
  name: 'production',
  rules: [
    { id: 'high', fail: { severity: 'high' } },
    { id: 'exploited', warn: { kev: true } },
    { id: 'unmet', fail: { severity: 'critical' } },
  ],
  require: { signature: { trust: 'release' }, tagMutability: 'immutable' },
  exempt: [
    {
      match: { vulnerability: 'CVE-2024-0002' },
      owner: 'team',
      reason: 'not reached',
      justification: 'vulnerable_code_not_in_execute_path',
      until: '2027-01-31',
    },
  ],
})

const lodash = gateFinding({
  vulnerability: 'CVE-2021-23337',
  aliases: ['GHSA-35jh-r3h4-6jhm'],
  packageName: 'lodash',
  packageVersion: '4.17.20',
  packageType: 'npm',
  purl: 'pkg:npm/lodash@4.17.20',
  fixedVersion: '4.17.21',
  fix: { kind: 'available', version: '4.17.21' },
  path: 'app/node_modules/lodash/package.json',
  url: 'https://osv.dev/vulnerability/GHSA-35jh-r3h4-6jhm',
  score: 7.2,
  kev: 'unlisted',
})
const exempted = gateFinding({ vulnerability: 'CVE-2024-0002', kev: 'unlisted' })
const exploited = gateFinding({
  vulnerability: 'CVE-2024-0005',
  severity: 'LOW',
  packageName: 'zlib',
  kev: 'listed',
})

function whole(): JudgedImage {
  const state: ScanState = {
    kind: 'scanned',
    findings: [lodash, exempted, exploited],
    dataUpdatedAt: undefined,
    note: undefined,
    suppressed: [
      {
        ...gateFinding({ vulnerability: 'CVE-2024-0003' }),
        suppression: { kind: 'rule', by: 'o', reason: 'r', until: '2027-01-01', number: 1 },
      },
      {
        ...gateFinding({ vulnerability: 'CVE-2024-0004' }),
        suppression: {
          kind: 'vex',
          by: 'vendor',
          status: 'not_affected',
          justification: 'component_not_present',
          document: { id: 'https://example.com/vex' },
        },
      },
    ],
  }
  const image = { named: { kind: 'tag', tag: '1.0', mutability: 'mutable' } } as const
  return judged({ 'linux/amd64': state }, { policies: [policy], image })
}

/** Each format of one report, after it was held against what the format's readers ask for. */
function allOf(image: JudgedImage, exitCode: number): Readonly<Record<string, string>> {
  const report = gateReport([image], { policies: ['production'], threshold: undefined })
  const document: unknown = JSON.parse(JSON.stringify(reportDocument(report, exitCode)))
  assert.ok(isReport(document), JSON.stringify(isReport.errors))
  const gitlab = writeGitlabReport(report, '1.2.3')
  assert.deepEqual(faultsOfGitlab(JSON.parse(gitlab)), [])
  const vex = writeVex(report, '1.2.3')
  assert.deepEqual(faultsOfVex(JSON.parse(vex)), [])
  const sarif = writeSarif(imagesOfJudged(image), { version: '1.2.3', exitCode })
  assert.deepEqual(faultsOfSarif(JSON.parse(sarif)), [])
  const junit = writeJunit(report, [policy])
  suiteIn(junit)
  const table = renderGate(report, () => true)
  return {
    json: JSON.stringify(document),
    gitlab,
    vex,
    sarif,
    junit,
    table,
    markdown: writeMarkdown(report),
    github: writeAnnotations(report),
  }
}

function suiteIn(junit: string): XmlElement {
  const reading = readXml(Buffer.from(junit))
  assert.ok(reading.kind === 'document', JSON.stringify(reading))
  assert.equal(reading.root.name, 'testsuites')
  const [suite] = reading.root.children
  assert.ok(suite !== undefined)
  return suite
}

test('what a policy does not allow is in every format, with what mends it', () => {
  const all = allOf(whole(), 3)
  for (const [name, text] of Object.entries(all))
    assert.match(text, /CVE-2021-23337|CVE\\-2021\\-23337/, name)
  assert.match(all['table'] ?? '', /✗ +HIGH +CVE-2021-23337 +lodash 4\.17\.20 +→ 4\.17\.21/)
  assert.match(all['table'] ?? '', /exempted by team until 2027-01-31: not reached/)
  assert.match(
    all['table'] ?? '',
    /✗ the tag 1\.0 may move to another image \(tag-mutable, production\)/,
  )
  assert.match(
    all['table'] ?? '',
    /NO: 1 finding that production does not allow; the tag 1\.0 may move/,
  )
  assert.match(all['table'] ?? '', /Besides, nobody verified signatures by trust policy release/)
  assert.match(
    all['github'] ?? '',
    /^::error title=finding%3A team\/app%3A1\.0 \(linux\/amd64\)::CVE-2021-23337 in lodash 4\.17\.20/m,
  )
  assert.match(
    all['github'] ?? '',
    /::error title=cannot tell%3A team\/app%3A1\.0::nobody verified/,
  )
  assert.match(all['github'] ?? '', /::warning title=finding%3A .*CVE-2024-0005/)
  assert.match(all['markdown'] ?? '', /❌ Gate: no/)
  assert.match(all['sarif'] ?? '', /ADMISSION_TAG_MUTABLE/)
  assert.match(all['sarif'] ?? '', /SCAN_INCOMPLETE/)
})

test('in JUnit each finding and each clause is a case, and no case is two things', () => {
  const junit = allOf(whole(), 3)['junit'] ?? ''
  const suite = suiteIn(junit)
  assert.deepEqual(
    [
      suite.attributes.get('failures'),
      suite.attributes.get('errors'),
      suite.attributes.get('skipped'),
    ],
    ['2', '1', '1'],
  )
  const kinds = suite.children.map((one) => [
    one.attributes.get('name'),
    one.children[0]?.name ?? 'passed',
  ])
  assert.deepEqual(kinds, [
    [
      'production/high: CVE-2021-23337 lodash 4.17.20 app/node_modules/lodash/package.json',
      'failure',
    ],
    ['production/high: CVE-2024-0002 openssl 3.0.11-1', 'skipped'],
    ['production/exploited: CVE-2024-0005 zlib 3.0.11-1', 'system-out'],
    ['production/require.signature: signature-unknown', 'error'],
    ['production/require.tagMutability: tag-mutable', 'failure'],
    ['production/unknown', 'passed'],
    ['production/unmet', 'passed'],
  ])
})

test('what a policy that only warns denies is no failure', () => {
  const lenient = { ...policy, mode: 'warn' as const }
  const image = judged({ '': scannedState(lodash) }, { policies: [lenient] })
  const report = gateReport([image], { policies: ['production'], threshold: undefined })
  assert.match(writeJunit(report, [lenient]), /failures="0" errors="0"/)
  assert.match(writeAnnotations(report), /^::warning title=cannot tell/)
  assert.doesNotMatch(writeAnnotations(report), /::error/)
  assert.match(
    renderGate(report, () => true),
    /PASS, with warnings: 1 finding/,
  )
})

test('a VEX document says what was decided of each flaw, and nothing of the others', () => {
  const { vulnerabilities } = JSON.parse(allOf(whole(), 3)['vex'] ?? '') as {
    readonly vulnerabilities: readonly { readonly id: string; readonly analysis: object }[]
  }
  assert.deepEqual(
    vulnerabilities.map(({ id, analysis }) => [id, analysis]),
    [
      ['CVE-2021-23337', { state: 'in_triage' }],
      [
        'CVE-2024-0002',
        {
          state: 'not_affected',
          justification: 'code_not_reachable',
          detail: 'not reached (team, until 2027-01-31)',
        },
      ],
      ['CVE-2024-0005', { state: 'in_triage' }],
      [
        'CVE-2024-0003',
        { state: 'exploitable', response: ['will_not_fix'], detail: 'r (o, until 2027-01-01)' },
      ],
      [
        'CVE-2024-0004',
        {
          state: 'not_affected',
          detail: 'vendor, https://example.com/vex',
          justification: 'code_not_present',
        },
      ],
    ],
  )
})

test('what cannot be told looks clean in no format', () => {
  const states: readonly ScanState[] = [
    { kind: 'running', status: 'IN_PROGRESS' },
    { kind: 'unavailable', status: 'NOT_SCANNED', reason: 'it was never scanned', findings: [] },
    { kind: 'unavailable', status: 'FAILED', reason: 'why', findings: [] },
    { kind: 'unavailable', status: 'UNSUPPORTED_IMAGE', reason: 'why', findings: [] },
  ]
  for (const state of states) {
    const image = judged({ '': state })
    const all = allOf(image, 6)
    assert.match(all['table'] ?? '', /CANNOT TELL: /)
    assert.doesNotMatch(all['table'] ?? '', /no findings/)
    assert.match(all['markdown'] ?? '', /❔ Gate: cannot tell/)
    assert.match(all['github'] ?? '', /^::error title=cannot tell/)
    assert.match(all['junit'] ?? '', /errors="1"/)
    assert.match(all['gitlab'] ?? '', /"status": "failure"/)
    assert.match(all['json'] ?? '', /"verdict":"unknown","exitCode":6/)
    assert.match(all['sarif'] ?? '', /"executionSuccessful": false/)
  }
})

const hostile = fc.string({ unit: 'binary', maxLength: 24 })
const marks = fc
  .array(
    fc.constantFrom(
      '|',
      '`',
      '<b>',
      ']]>',
      '&',
      '"',
      "'",
      '\n',
      '\r',
      '::error::x',
      '%0A',
      '@all',
      '\u001b[2J',
      '\ud800',
      '[x](https://e)',
      '\u2028',
      'a',
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''))
const name = fc.oneof(hostile, marks)

test('names from images are text in every format, whatever they are', () => {
  const finding: fc.Arbitrary<GateFinding> = fc
    .record({ name, version: name, path: name, id: name, url: name, summary: name })
    .map(({ name: packageName, version, path, id, url, summary }) =>
      gateFinding({
        vulnerability: id,
        packageName,
        packageVersion: version,
        path,
        url,
        summary,
        kev: 'listed',
      }),
    )
  const property = fc.property(fc.array(finding, { maxLength: 3 }), name, (findings, why) => {
    const states: readonly ScanState[] = [
      scannedState(...findings),
      { kind: 'unavailable', status: 'FAILED', reason: why, findings },
    ]
    for (const state of states) {
      const image = judged({ '': state }, { policies: [policy] })
      const all = allOf({ ...image, reference: 'team/app:1.0' }, 3)
      for (const line of (all['github'] ?? '').split('\n'))
        assert.match(line, /^::(?:error|warning|notice) title=[^:,]*::[^\r\p{Cc}]*$/u)
      // oxlint-disable-next-line no-control-regex -- exactly these move a terminal's cursor
      assert.doesNotMatch(all['table'] ?? '', /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/)
      for (const row of (all['markdown'] ?? '').split('\n').filter((line) => line.startsWith('| ')))
        assert.equal(row.replaceAll(/\\\\|\\\|/g, '').split('|').length, 8, row)
      assert.doesNotMatch(all['markdown'] ?? '', /@|<(?!\/?sub>)/)
    }
  })
  fc.assert(property, { numRuns: fuzzRuns(40), seed: fuzzSeed() })
})
