// Purpose:  read a policy, or say all that is wrong with it.
// Spec:     IAM User Guide, "Grammar of the IAM JSON policy language"; the errors of IAM, ECR and Organizations.
// Input:    the text of a policy and where it is put; hostile, of any length.
// Deviates: several faults are reported, the one that IAM would name first; see the files in reading/ for each element's.
// Unknowns: text that is not wholly understood → { kind: 'malformed' }; nothing of it is guessed or left out.
import type { PolicyDocument, PolicyKind, Statement } from './document.ts'
import { gatherFaults, type PolicyFault, type Report } from './reading/faults.ts'
import { judgeStatement } from './reading/judge-statement.ts'
import { kindRules } from './reading/kind-rules.ts'
import { readElements } from './reading/read-elements.ts'
import { judgeTrust } from './reading/trust-rules.ts'
import type {
  Written,
  WrittenCondition,
  WrittenPatterns,
  WrittenPolicy,
  WrittenStatement,
} from './reading/written-policy.ts'
import { quoted, readStrictJson } from './strict-json.ts'

export type { PolicyFault } from './reading/faults.ts'
export { policyLimits, policySize } from './reading/policy-size.ts'

export type PolicyReading =
  | { readonly kind: 'valid'; readonly document: PolicyDocument }
  | { readonly kind: 'malformed'; readonly faults: readonly [PolicyFault, ...PolicyFault[]] }

export interface ParsePolicyOptions {
  /** Of a repository policy: the repository that a Resource may name. Without it any of ECR's repositories is taken. */
  readonly repositoryArn?: string
  /** Refuses every Resource in a repository policy, as ECR does. */
  readonly refuseResource?: boolean
  /**
   * The document was accepted before, perhaps by a later version: what has a meaning to the safe side (an operator
   * nobody knows, a date that is none) is no fault. What it cannot do without is one still.
   */
  readonly isStored?: boolean
}

/** Reads a policy of this kind. Malformed ones have at least one fault, and the first is the one that AWS answers with. */
export function parsePolicy(
  text: string,
  kind: PolicyKind,
  options: ParsePolicyOptions = {},
): PolicyReading {
  const { written, faults } = readWrittenPolicy(text, kind, options)
  const [first, ...others] = faults
  if (first !== undefined) return { kind: 'malformed', faults: [first, ...others] }
  return { kind: 'valid', document: documentOf(written) }
}

/** The same with the place of each part; without faults it is the whole policy. */
export function readWrittenPolicy(
  text: string,
  kind: PolicyKind,
  options: ParsePolicyOptions = {},
): { readonly written: WrittenPolicy; readonly faults: readonly PolicyFault[] } {
  const { report, inOrder } = gatherFaults(kind, options.isStored ?? false)
  const read = readStrictJson(text)
  if (read.kind === 'unreadable') {
    const { code, problem, at } = read.fault
    report(code, problem, at)
    return { written: { version: undefined, id: undefined, statements: [] }, faults: inOrder() }
  }
  const written = readElements(read.root, report)
  if (read.root.kind === 'object') judgePolicy(written, kind, options, report)
  const { size } = kindRules[kind]
  const length = size?.of(text) ?? 0
  if (size !== undefined && length > size.limit) {
    const problem = `the policy has ${length} characters, and ${size.limit} are the most`
    report('POLICY_TOO_LARGE', problem, read.root.at)
  }
  return { written, faults: inOrder() }
}

function judgePolicy(
  written: WrittenPolicy,
  kind: PolicyKind,
  options: ParsePolicyOptions,
  report: Report,
): void {
  const rules = kindRules[kind]
  judgeVersion(written, rules.isOldVersionRefused, report)
  judgeSids(written, rules, report)
  const setting = {
    rules,
    isTrust: kind === 'trust',
    hasVariables: written.version?.value === '2012-10-17',
    repositoryArn: options.repositoryArn,
    refuseResource: options.refuseResource ?? false,
  }
  for (const statement of written.statements) {
    judgeStatement(statement, setting, report)
    if (setting.isTrust) judgeTrust(statement, report)
  }
}

function judgeVersion({ version }: WrittenPolicy, isOldRefused: boolean, report: Report): void {
  if (version?.value === '2012-10-17') return
  if (version !== undefined && version.value !== '2008-10-17') {
    const problem = `${quoted(version.value)} is no version of the policy language`
    report('INVALID_VERSION', problem, version.at)
  } else if (isOldRefused) {
    const at = version?.at ?? { pointer: '', line: 1, column: 1 }
    const problem = version === undefined ? 'the policy names no version' : 'the version is old'
    report('VERSION_TOO_OLD', problem, at)
  }
}

function judgeSids(
  { statements }: WrittenPolicy,
  { sid: form, areSidsUnique }: { readonly sid: RegExp; readonly areSidsUnique: boolean },
  report: Report,
): void {
  const seen = new Set<string>()
  for (const { sid } of statements) {
    if (sid === undefined || sid.value === '') continue
    if (!form.test(sid.value)) {
      report('UNSUPPORTED_SID', `the Sid ${quoted(sid.value)} holds other characters`, sid.at)
    }
    if (areSidsUnique && seen.has(sid.value)) {
      report('UNIQUE_SIDS_REQUIRED', `the Sid ${quoted(sid.value)} is given twice`, sid.at)
    }
    seen.add(sid.value)
  }
}

function documentOf({ version, id, statements }: WrittenPolicy): PolicyDocument {
  return {
    version: version?.value === '2012-10-17' ? '2012-10-17' : '2008-10-17',
    id: id?.value,
    statements: statements.map(statementOf),
  }
}

/** What was written, without the places of its parts. */
export function statementOf(written: WrittenStatement): Statement {
  const { index, sid, effect, principal, action, resource, conditions, at } = written
  return {
    index,
    sid: sid?.value,
    effect,
    principal:
      principal === undefined
        ? undefined
        : { isNegated: principal.isNegated, members: principal.members.map(({ form }) => form) },
    action: patternsOf(action),
    resource: resource === undefined ? undefined : patternsOf(resource),
    conditions: conditions.map(conditionOf),
    at,
  }
}

function patternsOf({ isNegated, patterns }: WrittenPatterns): Statement['action'] {
  return { isNegated, patterns: patterns.map(valueOf) }
}

function conditionOf({ operator, key, values, at }: WrittenCondition): Statement['conditions'][0] {
  return { operator, key, values: values.map(valueOf), at }
}

function valueOf({ value }: Written): string {
  return value
}

/** The ARNs of users and roles in Principal and NotPrincipal, each once: they are resolved when the policy is put. */
export function principalArnsOf(document: PolicyDocument): readonly string[] {
  const members = document.statements.flatMap(({ principal }) => principal?.members ?? [])
  const arns = members.flatMap((form) =>
    form.kind === 'user' || form.kind === 'role' ? [form.arn] : [],
  )
  return [...new Set(arns)]
}
