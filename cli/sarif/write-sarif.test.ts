import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sarifJudge } from '../../test/kit/sarif-schema.ts'
import { severities } from '../gate/gate-finding.ts'
import type { SarifFinding, ScannedImage } from './scanned-image.ts'
import { writeSarif } from './write-sarif.ts'

const faultsOf = sarifJudge()

interface Log {
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: { readonly rules: readonly { readonly id: string }[] }
      }
      readonly invocations: readonly [
        {
          readonly executionSuccessful: boolean
          readonly exitCode: number
          readonly toolExecutionNotifications: readonly {
            readonly level: string
            readonly message: { readonly text: string }
          }[]
        },
      ]
      readonly results: readonly {
        readonly ruleId: string
        readonly ruleIndex: number
        readonly level: string
        readonly message: { readonly text: string }
        readonly locations: readonly {
          readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } }
          readonly logicalLocations: readonly { readonly name: string }[]
        }[]
        readonly partialFingerprints: Readonly<Record<string, string>>
        readonly suppressions?: readonly { readonly justification: string }[]
      }[]
    },
  ]
}

function runOf(images: readonly ScannedImage[], exitCode = 0): Log['runs'][0] {
  const log = JSON.parse(writeSarif(images, { version: '1.2.3', exitCode })) as Log
  assert.deepEqual(faultsOf(log), [])
  return log.runs[0]
}

const lodash: SarifFinding = {
  vulnerability: 'CVE-2021-23337',
  severity: 'HIGH',
  packageName: 'lodash',
  packageVersion: '4.17.20',
  fixedVersion: '4.17.21',
  path: 'app/node_modules/lodash/package.json',
  layer: `sha256:${'a'.repeat(64)}`,
  url: 'https://osv.dev/vulnerability/GHSA-35jh-r3h4-6jhm',
}

const image: ScannedImage = {
  name: 'team/app:1.0',
  digest: `sha256:${'b'.repeat(64)}`,
  platform: 'linux/amd64',
  gap: undefined,
  notes: [],
  findings: [lodash],
}

test('an image that was not judged as a whole fails the run, is told of, and is a result of its own', () => {
  const gap = 'UNSUPPORTED_IMAGE: no advisories are known for Slackware 15.0'
  const run = runOf([{ ...image, gap, findings: [] }], 6)
  const [{ executionSuccessful, exitCode, toolExecutionNotifications }] = run.invocations
  assert.deepEqual([executionSuccessful, exitCode], [false, 6])
  const [notification] = toolExecutionNotifications
  assert.equal(notification?.level, 'error')
  assert.match(notification.message.text, /nobody can say that it is free.*Slackware 15\.0/)
  const [result] = run.results
  assert.deepEqual([result?.ruleId, result?.level], ['SCAN_INCOMPLETE', 'error'])
  assert.match(result?.message.text ?? '', /^team\/app:1\.0 \(linux\/amd64\) was not judged/)
})

test('a run without any image is no success', () => {
  const [{ executionSuccessful, toolExecutionNotifications }] = runOf([], 6).invocations
  assert.equal(executionSuccessful, false)
  assert.equal(toolExecutionNotifications[0]?.level, 'error')
})

test('one image that is not whole leaves the findings of all listed', () => {
  const run = runOf([image, { ...image, platform: 'linux/arm64', gap: 'FAILED: cut' }], 6)
  assert.deepEqual(
    run.results.map(({ ruleId }) => ruleId),
    ['CVE-2021-23337', 'SCAN_INCOMPLETE', 'CVE-2021-23337'],
  )
  assert.equal(run.invocations[0].executionSuccessful, false)
})

test('a finding names its package, version, place, layer, rule and remedy', () => {
  const run = runOf([image])
  const [result] = run.results
  assert.equal(run.invocations[0].executionSuccessful, true)
  assert.equal(run.tool.driver.rules[result?.ruleIndex ?? -1]?.id, 'CVE-2021-23337')
  assert.equal(
    result?.message.text,
    'lodash 4.17.20 in team/app:1.0 (linux/amd64) has CVE-2021-23337 (HIGH). Fixed in 4.17.21.',
  )
  const [location] = result.locations
  assert.equal(
    location?.physicalLocation.artifactLocation.uri,
    'app/node_modules/lodash/package.json',
  )
  assert.deepEqual(
    location.logicalLocations.map(({ name }) => name),
    ['lodash', lodash.layer],
  )
})

test('severities become levels, and one without a severity is a warning', () => {
  const findings = severities.map((severity) => ({
    ...lodash,
    severity,
    vulnerability: `CVE-${severity}`,
  }))
  assert.deepEqual(
    runOf([{ ...image, findings }]).results.map(({ level }) => level),
    ['error', 'error', 'warning', 'note', 'note', 'warning'],
  )
})

test('what is listed apart is suppressed with its reason, not left out', () => {
  const suppressed = 'kind: distribution-decides; by: DSA-1-1'
  const [result] = runOf([{ ...image, findings: [{ ...lodash, suppressed }] }]).results
  assert.deepEqual(result?.suppressions, [{ kind: 'external', justification: suppressed }])
})

test('a note does not fail the run, and is told', () => {
  const [invocation] = runOf([{ ...image, notes: ['2 packages were not held'] }]).invocations
  assert.equal(invocation.executionSuccessful, true)
  assert.deepEqual(
    invocation.toolExecutionNotifications.map(({ level }) => level),
    ['warning'],
  )
})

test('the next tag of a repository has the same fingerprints, another platform has not', () => {
  const printOf = (other: Partial<ScannedImage>): string | undefined =>
    runOf([{ ...image, ...other }]).results[0]?.partialFingerprints['pratiqueFinding/v1']
  assert.equal(printOf({ name: 'team/app:2.0' }), printOf({}))
  assert.equal(printOf({ name: 'team/app@sha256:1234' }), printOf({}))
  assert.notEqual(printOf({ platform: 'linux/arm64' }), printOf({}))
})

test('whatever an image says, the log is valid and has each finding', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 })
  const option = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined })
  const finding: fc.Arbitrary<SarifFinding> = fc.record({
    vulnerability: text,
    severity: fc.constantFrom(...severities),
    packageName: text,
    packageVersion: text,
    fixedVersion: option(text),
    path: option(text),
    layer: option(text),
    url: option(fc.oneof(text, fc.webUrl())),
    score: option(fc.double({ min: 0, max: 10, noNaN: true })),
    summary: option(text),
    suppressed: option(text),
  })
  const any: fc.Arbitrary<ScannedImage> = fc.record({
    name: text,
    digest: option(text),
    platform: option(text),
    gap: option(text),
    notes: fc.array(text, { maxLength: 3 }),
    findings: fc.array(finding, { maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 3 }), (images) => {
      const run = runOf(images)
      const gaps = images.filter(({ gap }) => gap !== undefined).length
      const findings = images.reduce((sum, each) => sum + each.findings.length, 0)
      assert.equal(run.results.length, findings + gaps)
      assert.equal(run.invocations[0].executionSuccessful, images.length > 0 && gaps === 0)
    }),
    { numRuns: 200 },
  )
})
