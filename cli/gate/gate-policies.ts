// The policies that the gate judges by: those of files, and that of the flags.
import { readFileSync, statSync } from 'node:fs'
import type {
  AdmissionPolicy,
  FindingCondition,
  Threshold,
} from '../../src/admission/rules/admission-policy.ts'
import { maxPolicyBytes, parseAdmissionPolicy } from '../../src/admission/rules/parse-policy.ts'
import { exitCodes, Failure } from '../failure.ts'

export interface PolicyFlags {
  readonly policy: readonly string[]
  readonly failOn?: Threshold | 'none'
  readonly fixableOnly?: true
  readonly kev?: true
  readonly epss?: number
  readonly newOnly?: true
  readonly baseline?: string
  /** Milliseconds, as all that follow. */
  readonly grace?: number
  readonly maxAge?: number
  readonly undefinedSeverity?: 'fail' | 'allow'
}

/** Throws a Failure for a file with a fault, and for flags that say nothing together. */
export function gatePolicies(flags: PolicyFlags, now: number): readonly AdmissionPolicy[] {
  requireMeaning(flags)
  const files = flags.policy.map((file) => readPolicyFile(file, now))
  return hasOwnRules(flags) ? [...files, flagPolicy(flags)] : files
}

function hasOwnRules({ policy, failOn, maxAge }: PolicyFlags): boolean {
  return policy.length === 0 || failOn !== undefined || maxAge !== undefined
}

/** A flag that has no effect would let somebody believe that it has one. */
function requireMeaning(flags: PolicyFlags): void {
  const narrowing = (
    [
      ['--fixable-only', flags.fixableOnly],
      ['--kev', flags.kev],
      ['--epss', flags.epss],
      ['--new-only', flags.newOnly],
      ['--grace', flags.grace],
      ['--undefined-severity', flags.undefinedSeverity],
    ] as const
  ).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  const [first] = narrowing
  if (first !== undefined && flags.policy.length > 0 && flags.failOn === undefined)
    throw new Failure(
      exitCodes.usage,
      `${first} narrows --fail-on, and the rules of a policy are in its file`,
      'add --fail-on, or put the condition into a rule of the policy',
    )
  if (first !== undefined && flags.failOn === 'none')
    throw new Failure(exitCodes.usage, `${first} narrows --fail-on, which is none`)
  if ((flags.newOnly === undefined) !== (flags.baseline === undefined))
    throw new Failure(
      exitCodes.usage,
      '--new-only and --baseline go together',
      'name the earlier image: --new-only --baseline my-app:1.0',
    )
}

function flagPolicy(flags: PolicyFlags): AdmissionPolicy {
  const { maxAge } = flags
  return {
    name: 'flags',
    mode: 'enforce',
    scopes: [],
    rules: rulesOf(flags),
    require: maxAge === undefined ? {} : { maxDataAgeMs: maxAge },
    unknown: 'fail',
    otherRegistries: 'deny',
    exempt: [],
  }
}

function rulesOf(flags: PolicyFlags): AdmissionPolicy['rules'] {
  const threshold = thresholdOf(flags)
  if (threshold === 'none') return []
  return [{ id: 'fail-on', outcome: 'fail', when: conditionOf(flags, threshold) }]
}

/** Who asks for what is exploited means it at every severity, unless they say which. */
export function thresholdOf({ policy, failOn, kev, epss }: PolicyFlags): Threshold | 'none' {
  if (failOn !== undefined) return failOn
  if (policy.length > 0) return 'none'
  return kev === undefined && epss === undefined ? 'high' : 'any'
}

function conditionOf(flags: PolicyFlags, severity: Threshold): FindingCondition {
  const { undefinedSeverity = 'fail', fixableOnly, kev, epss, newOnly, grace } = flags
  return {
    severity,
    undefinedSeverity,
    ...(fixableOnly === undefined ? {} : { fixable: true }),
    ...(kev === undefined ? {} : { kev: true }),
    ...(epss === undefined ? {} : { epss }),
    ...(newOnly === undefined ? {} : { isNew: true }),
    ...(grace === undefined ? {} : { graceMs: grace }),
  }
}

function readPolicyFile(file: string, now: number): AdmissionPolicy {
  const reading = parseAdmissionPolicy(textOf(file), now)
  if (reading.kind === 'read') return reading.policy
  const faults = reading.faults.map(({ line, column, member, problem }) =>
    [`${file}:${line}:${column}:`, ...(member === '' ? [] : [member]), problem].join(' '),
  )
  throw new Failure(exitCodes.usage, faults.join('\n'), 'docs/gate.md has all members of a policy')
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > maxPolicyBytes)
      throw new Error(`it has more than ${maxPolicyBytes} bytes`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
}
