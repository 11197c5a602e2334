// Purpose:  hold policies against a table of what people expect of them.
// Spec:     our own; docs/policies.md, "Expectations in a table".
// Input:    a table as read, and the text of each policy it names.
// Deviates: nothing; each row is decided by `evaluate`, as a request would be.
// Unknowns: a name that stands for nothing, a policy that is none, an action that this registry lacks: a problem, no result.
import { parseAccountId } from './account-id.ts'
import { findAction, knownActions } from './actions.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import { denialSentence } from './denial.ts'
import type { PolicyDocument, PolicyKind } from './document.ts'
import { evaluate, type Decision, type DecidingStatement, type PolicySet } from './evaluate.ts'
import type { Expectation, ExpectationTable, TableContext } from './expectations/read-table.ts'
import { principalKeys, tableRequester } from './expectations/table-principal.ts'
import { guessKind } from './lint/guess-kind.ts'
import { nearest } from '../lib/nearest.ts'
import { parsePolicy } from './parse-policy.ts'
import type { Requester } from './requester.ts'

export interface ExpectationResult {
  /** The test's name, or what it asks. */
  readonly name: string
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly expected: Expectation['expect']
  readonly isMet: boolean
  readonly decision: Decision
  /** What was decided and by what, in one sentence. */
  readonly reason: string
}

export type PolicyTestReport =
  | { readonly kind: 'results'; readonly results: readonly ExpectationResult[] }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** `texts` gives the JSON of each policy by the table's name for it. A row of several names is a result for each of them. */
export function testPolicies(
  table: ExpectationTable,
  texts: ReadonlyMap<string, string>,
): PolicyTestReport {
  const problems: string[] = []
  const problem = (text: string): undefined => {
    if (!problems.includes(text)) problems.push(text)
  }
  const library = policyLibrary(texts, problem)
  const results = table.tests.flatMap((expectation) =>
    questionsOf(expectation).flatMap((asked) => {
      const result = resultOf({ table, expectation, asked, library, problem })
      return result === undefined ? [] : [result]
    }),
  )
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'results', results }
}

type Problem = (text: string) => undefined

interface Asked {
  readonly principal: string
  readonly action: string
  readonly resource: string
}

function questionsOf({ principal, action, resource }: Expectation): readonly Asked[] {
  return listOf(principal).flatMap((who) =>
    listOf(action).flatMap((what) =>
      listOf(resource).map((where) => ({ principal: who, action: what, resource: where })),
    ),
  )
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

interface Row {
  readonly table: ExpectationTable
  readonly expectation: Expectation
  readonly asked: Asked
  readonly library: Library
  readonly problem: Problem
}

function resultOf(row: Row): ExpectationResult | undefined {
  const { table, expectation, asked, problem } = row
  const entry = table.principals[asked.principal]
  if (entry === undefined) {
    return problem(
      `there is no principal ${asked.principal}${near(asked.principal, table.principals)}`,
    )
  }
  const principal = typeof entry === 'string' ? { arn: entry } : entry
  const requester = tableRequester(principal)
  if (requester === undefined) {
    return problem(
      `principals/${asked.principal}: ${principal.arn} names nobody; write the ARN of a user, role or session, or anonymous`,
    )
  }
  if (!isKnown(asked.action, problem)) return undefined
  const resource = resourceArn(asked.resource, table)
  const resourceAccount = parseAccountId(resource.split(':')[4] ?? '')
  const context = contextOf(
    withValues(
      {
        'aws:SecureTransport': 'true',
        'aws:RequestedRegion': table.region ?? 'us-east-1',
        ...(resourceAccount === undefined ? {} : { 'aws:ResourceAccount': resourceAccount }),
        ...principalKeys(requester, principal),
      },
      { ...table.context, ...expectation.context },
    ),
  )
  const request = { requester, action: asked.action, resource, resourceAccount, context }
  const decision = evaluate(request, policySet(row, principal))
  const by = decision.kind === 'implicit-deny' ? [] : decision.decidedBy
  return {
    name: expectation.name ?? `${asked.principal} ${asked.action} ${asked.resource}`,
    ...asked,
    expected: expectation.expect,
    isMet: meets(decision, by, expectation),
    decision,
    reason: reasonOf(requester, { action: asked.action, resource }, decision, by),
  }
}

function near(name: string, known: Readonly<Record<string, unknown>>): string {
  const other = nearest(name, Object.keys(known))
  return other === undefined ? '' : `; ${other} is near`
}

/** A misspelt action would be denied, and an expectation of a denial met by mistake. */
function isKnown(action: string, problem: Problem): boolean {
  const [service = ''] = action.split(':')
  const isOurs = knownActions.some(({ name }) => name.startsWith(`${service}:`))
  if (findAction(action) !== undefined || (!isOurs && /^[a-z0-9-]+:\w+$/.test(action))) return true
  const names = knownActions.map(({ name }) => name)
  const other = names.find((name) => name.endsWith(`:${action}`)) ?? nearest(action, names)
  problem(`there is no action ${action}${other === undefined ? '' : `; ${other} is near`}`)
  return false
}

/** A repository by its name, an ARN, or `*`. */
function resourceArn(
  resource: string,
  { account, region = 'us-east-1' }: ExpectationTable,
): string {
  const isWhole = resource === '*' || resource.startsWith('arn:')
  return isWhole ? resource : `arn:aws:ecr:${region}:${account}:repository/${resource}`
}

/** `null` takes a key away; numbers and truth values are the texts that policies compare. */
function withValues(
  keys: Readonly<Record<string, string>>,
  values: TableContext,
): Readonly<Record<string, string | readonly string[]>> {
  const known = new Map<string, readonly [string, string | readonly string[]]>(
    Object.entries(keys).map(([key, value]) => [key.toLowerCase(), [key, value]]),
  )
  for (const [key, value] of Object.entries(values)) {
    if (value === null) known.delete(key.toLowerCase())
    else known.set(key.toLowerCase(), [key, Array.isArray(value) ? value : String(value)])
  }
  return Object.fromEntries(known.values())
}

function policySet(
  { table, expectation, library }: Row,
  principal: Exclude<ExpectationTable['principals'][string], string>,
): PolicySet {
  const { identity = [], boundary, session, scp = [] } = principal
  const attached = expectation['resource-policies'] ?? table['resource-policies'] ?? []
  return {
    identity: library('identity', identity),
    resource: library('resource', attached),
    boundary: boundary && library('boundary', boundary),
    session: session && library('session', session),
    scp: scp.map((level) => library('scp', level)),
    rcp: (table.rcp ?? []).map((level) => library('rcp', level)),
  }
}

type Library = (type: PolicyType, names: readonly string[]) => readonly CompiledPolicy[]

/** Each policy is read once for each of its uses. */
function policyLibrary(texts: ReadonlyMap<string, string>, problem: Problem): Library {
  const compiled = new Map<string, CompiledPolicy | undefined>()
  return (type, names) =>
    names
      .map((name) => {
        const place = `${type} ${name}`
        if (!compiled.has(place)) compiled.set(place, compileNamed(type, name, texts, problem))
        return compiled.get(place)
      })
      .filter((policy) => policy !== undefined)
}

function compileNamed(
  type: PolicyType,
  name: string,
  texts: ReadonlyMap<string, string>,
  problem: Problem,
): CompiledPolicy | undefined {
  const text = texts.get(name)
  if (text === undefined) {
    return problem(`there is no policy ${name}${near(name, Object.fromEntries(texts))}`)
  }
  const isTrust = type === 'resource' && guessKind(text) === 'trust'
  const kinds: readonly PolicyKind[] = isTrust ? ['trust'] : kindsOf(type)
  const document = readAs(kinds, name, text, problem)
  const use = isTrust ? 'trust' : type
  return document && compilePolicy(document, { type: use, id: name }, new Map())
}

/** A policy at a resource may be a repository's or the registry's. */
function kindsOf(type: PolicyType): readonly PolicyKind[] {
  if (type === 'resource') return ['repository', 'registry']
  return [type === 'boundary' ? 'identity' : type]
}

function readAs(
  kinds: readonly PolicyKind[],
  name: string,
  text: string,
  problem: Problem,
): PolicyDocument | undefined {
  const faults: string[] = []
  for (const kind of kinds) {
    const reading = parsePolicy(text, kind)
    if (reading.kind === 'valid') return reading.document
    // What it is refused for as the first kind is what it was meant to be.
    if (faults.length > 0) continue
    faults.push(...reading.faults.map(({ at, reason }) => `${at.line}:${at.column}: ${reason}`))
  }
  for (const fault of faults) problem(`policy ${name} ${fault}`)
  return undefined
}

/** POLICY, POLICY/SID and POLICY/INDEX are all names of a statement. */
function meets(
  decision: Decision,
  deciding: readonly DecidingStatement[],
  { expect, by }: Expectation,
): boolean {
  const isKind = expect === 'deny' ? decision.kind !== 'allow' : decision.kind === expect
  if (!isKind || by === undefined) return isKind
  return deciding.some(({ policy, sid, index }) =>
    [policy, `${policy}/${index}`, `${policy}/${sid}`].includes(by),
  )
}

function reasonOf(
  requester: Requester,
  asked: { readonly action: string; readonly resource: string },
  decision: Decision,
  by: readonly DecidingStatement[],
): string {
  const places = by.map(({ policy, sid, index }) => `${policy}/${sid ?? index}`).join(', ')
  if (decision.kind === 'allow') return `allowed by ${places}`
  const sentence = denialSentence({ principalArn: callerName(requester), ...asked }, decision)
  return decision.kind === 'explicit-deny' ? `${sentence} (${places})` : sentence
}

function callerName(requester: Requester): string {
  switch (requester.kind) {
    case 'root':
      return `arn:aws:iam::${requester.account}:root`
    case 'user':
      return requester.arn
    case 'assumed-role':
    case 'federated-user':
      return requester.sessionArn
    case 'web-identity':
      return requester.providerArn
    case 'service':
      return requester.name
    case 'anonymous':
      return 'anonymous'
  }
}
