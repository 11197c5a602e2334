import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defaultScanning,
  faultOfScanning,
  judgeScanning,
  type RegistryDefaults,
  type ScanFrequency,
  type ScanningConfiguration,
  type ScanType,
} from './scanning-rules.ts'

function judged(
  put: ScanningConfiguration | undefined,
  defaults: RegistryDefaults,
  scanOnPush: boolean,
  name = 'team/app',
): string {
  const { scanType, frequency, filters } = judgeScanning({ put, defaults }, { name, scanOnPush })
  return [scanType, frequency, ...filters].join(' ')
}

function rule(frequency: ScanFrequency, ...filters: readonly string[]) {
  return { frequency, filters }
}

test('without a configuration secure defaults scan every repository continuously, but those that opt out', () => {
  assert.equal(judged(undefined, 'secure', true), 'BASIC CONTINUOUS_SCAN *')
  assert.equal(judged(undefined, 'secure', false), 'BASIC MANUAL')
})

test('without a configuration aws defaults know only the setting of the repository', () => {
  assert.equal(judged(undefined, 'aws', true), 'BASIC SCAN_ON_PUSH')
  assert.equal(judged(undefined, 'aws', false), 'BASIC MANUAL')
})

test('a rule that was put goes before what a repository says of itself', () => {
  const put = { scanType: 'BASIC', rules: [rule('CONTINUOUS_SCAN', '*')] } as const
  assert.equal(judged(put, 'secure', false), 'BASIC CONTINUOUS_SCAN *')
})

test('a repository that two rules name is scanned as the more frequent says, by the filters of that rule', () => {
  const put = {
    scanType: 'ENHANCED',
    rules: [rule('SCAN_ON_PUSH', '*'), rule('CONTINUOUS_SCAN', 'prod', 'other')],
  } as const
  assert.equal(judged(put, 'aws', false, 'prod-app'), 'ENHANCED CONTINUOUS_SCAN prod')
  assert.equal(judged(put, 'aws', false, 'dev-app'), 'ENHANCED SCAN_ON_PUSH *')
})

test('the older setting of a repository counts for basic scanning and not for enhanced', () => {
  const rules = [rule('SCAN_ON_PUSH', 'prod')]
  assert.equal(judged({ scanType: 'BASIC', rules }, 'aws', true, 'dev'), 'BASIC SCAN_ON_PUSH')
  assert.equal(judged({ scanType: 'ENHANCED', rules }, 'aws', true, 'dev'), 'ENHANCED MANUAL')
})

test('a rule without filters names nothing; MANUAL tells by which filter', () => {
  const put = { scanType: 'BASIC', rules: [rule('SCAN_ON_PUSH'), rule('MANUAL', 'team')] } as const
  assert.equal(judged(put, 'aws', false), 'BASIC MANUAL team')
})

const combinations: readonly (readonly [RegistryDefaults, ScanType, ScanFrequency, boolean])[] = [
  ['aws', 'BASIC', 'SCAN_ON_PUSH', true],
  ['aws', 'BASIC', 'MANUAL', true],
  ['aws', 'BASIC', 'CONTINUOUS_SCAN', false],
  ['aws', 'ENHANCED', 'CONTINUOUS_SCAN', true],
  ['aws', 'ENHANCED', 'SCAN_ON_PUSH', true],
  ['aws', 'ENHANCED', 'MANUAL', false],
  ['secure', 'BASIC', 'CONTINUOUS_SCAN', true],
  ['secure', 'ENHANCED', 'MANUAL', false],
]

for (const [defaults, scanType, frequency, isAllowed] of combinations) {
  test(`${scanType} with ${frequency} is ${isAllowed ? 'taken' : 'refused'} under ${defaults} defaults`, () => {
    const fault = faultOfScanning({ scanType, rules: [rule(frequency, '*')] }, defaults)
    assert.equal(fault === undefined, isAllowed, fault)
  })
}

test('two rules of one frequency are refused; what holds by default can be put', () => {
  const rules = [rule('SCAN_ON_PUSH', 'a'), rule('SCAN_ON_PUSH', 'b')]
  assert.match(faultOfScanning({ scanType: 'BASIC', rules }, 'aws') ?? '', /two rules/)
  for (const defaults of ['secure', 'aws'] as const)
    assert.equal(faultOfScanning(defaultScanning(defaults), defaults), undefined)
})
