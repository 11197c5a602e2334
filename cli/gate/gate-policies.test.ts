import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { admissionNow } from '../../test/kit/admission.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { gateFinding, judged, scannedState } from '../../test/kit/gate.ts'
import { exitCodes, Failure } from '../failure.ts'
import { gatePolicies, type PolicyFlags } from './gate-policies.ts'
import { overallVerdict, verdictOf } from './judge-reference.ts'

function refusal(flags: Partial<PolicyFlags>): string {
  try {
    gatePolicies({ policy: [], ...flags }, admissionNow)
  } catch (error) {
    assert.ok(error instanceof Failure)
    assert.equal(error.exitCode, exitCodes.usage)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(flags)}` })
}

test('flags that would have no effect are refused', () => {
  const policy = ['production.yaml']
  assert.match(refusal({ policy, kev: true }), /^--kev narrows --fail-on/)
  assert.match(refusal({ policy, grace: 1 }), /^--grace narrows --fail-on/)
  assert.match(refusal({ failOn: 'none', epss: 0.2 }), /^--epss narrows --fail-on, which is none/)
  assert.match(refusal({ newOnly: true }), /--new-only and --baseline go together/)
  assert.match(refusal({ baseline: 'app:1' }), /--new-only and --baseline go together/)
})

test('a file with a fault, or none, is refused with its place', async (t) => {
  const file = join(await temporaryDirectory(t), 'policy.yaml')
  assert.match(refusal({ policy: [file] }), /policy\.yaml cannot be read/)
  await writeFile(
    file,
    'version: 1\nname: p\nexempt:\n  - match: { vulnerability: CVE-1 }\n    owner: o\n    until: 2027-01-01\n',
  )
  assert.match(
    refusal({ policy: [file] }),
    /policy\.yaml:4:5: exempt\[0\] exemption 1 has no reason/,
  )
  await writeFile(file, `# ${'x'.repeat(300_000)}`)
  assert.match(refusal({ policy: [file] }), /more than 262144 bytes/)
})

test('what is exploited or likely counts at every severity, unless one is given', () => {
  const low = gateFinding({ severity: 'LOW', kev: 'listed', epss: { kind: 'scored', score: 0.5 } })
  const verdict = (flags: Partial<PolicyFlags>): string =>
    verdictOf(judged({ '': scannedState(low) }, { flags }).decision)
  assert.equal(verdict({}), 'allow')
  assert.equal(verdict({ kev: true }), 'deny')
  assert.equal(verdict({ epss: 0.5 }), 'deny')
  assert.equal(verdict({ epss: 0.51 }), 'allow')
  assert.equal(verdict({ kev: true, failOn: 'high' }), 'allow')
})

test('what the source does not tell of what is asked is no yes and no no', () => {
  const told = scannedState(gateFinding())
  for (const flags of [
    { kev: true },
    { epss: 0.2 },
    { fixableOnly: true },
    { grace: 1 },
    { newOnly: true, baseline: 'app:1' },
  ] as const)
    assert.equal(
      verdictOf(judged({ '': told }, { flags }).decision),
      'unknown',
      JSON.stringify(flags),
    )
  assert.equal(
    verdictOf(judged({ '': told }, { flags: { kev: true, failOn: 'critical' } }).decision),
    'allow',
  )
})

test('a policy alone is judged alone; flags beside it make it stricter', async (t) => {
  const file = join(await temporaryDirectory(t), 'policy.yaml')
  await writeFile(
    file,
    'version: 1\nname: lenient\nrules: [{ id: c, fail: { severity: critical } }]\n',
  )
  const names = (flags: Partial<PolicyFlags>): readonly string[] =>
    gatePolicies({ policy: [file], ...flags }, admissionNow).map(({ name }) => name)
  assert.deepEqual(names({}), ['lenient'])
  assert.deepEqual(names({ failOn: 'high' }), ['lenient', 'flags'])
  assert.deepEqual(names({ maxAge: 1 }), ['lenient', 'flags'])
  const verdict = (flags: Partial<PolicyFlags>): string => {
    const policies = gatePolicies({ policy: [file], ...flags }, admissionNow)
    return verdictOf(judged({ '': scannedState(gateFinding()) }, { policies }).decision)
  }
  assert.equal(verdict({}), 'allow')
  assert.equal(verdict({ failOn: 'high' }), 'deny')
})

test('of several images one no is a no, and else one that cannot be told', () => {
  const yes = judged({ '': scannedState() })
  const no = judged({ '': scannedState(gateFinding()) })
  const untold = judged({ '': { kind: 'running', status: 'PENDING' } })
  assert.equal(overallVerdict([yes, untold, no]), 'deny')
  assert.equal(overallVerdict([yes, untold]), 'unknown')
  assert.equal(overallVerdict([yes]), 'allow')
})
