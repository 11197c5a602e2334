// The tables of cases/: each a row of the language or of its evaluation, with where it is written.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { accountOf, documentOf, requesterOf } from '../../test/kit/policies.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from './compile.ts'
import { compileCondition } from './condition.ts'
import { contextOf } from './context-values.ts'
import { evaluate, type Decision, type PolicySet } from './evaluate.ts'
import { chainOf, compilePrincipal } from './principal-match.ts'

interface Case<Input, Expected> {
  readonly name: string
  readonly input: Input
  readonly expected: Expected
  readonly source: string
}

function casesOf<Input, Expected>(file: string): readonly Case<Input, Expected>[] {
  const text = readFileSync(new URL(`cases/${file}.json`, import.meta.url), 'utf8')
  return JSON.parse(text) as readonly Case<Input, Expected>[]
}

type Context = Readonly<Record<string, string | readonly string[]>>

const noPolicies: PolicySet = {
  identity: [],
  resource: [],
  boundary: undefined,
  session: undefined,
  scp: [],
  rcp: [],
}

const repository = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'
const owner = accountOf('123456789012')
const dev = requesterOf('arn:aws:iam::123456789012:user/dev')

function compiled(type: PolicyType, ...statements: readonly unknown[]): CompiledPolicy {
  const document = documentOf({ Version: '2012-10-17', Statement: statements })
  return compilePolicy(document, { type, id: type }, new Map())
}

interface ConditionInput {
  readonly operator: string
  readonly values: readonly string[]
  /** Undefined: the key is absent. */
  readonly had?: string | readonly string[]
  readonly context?: Context
  readonly effect?: 'Allow' | 'Deny'
  readonly version?: string
}

for (const { name, input, expected, source } of casesOf<ConditionInput, boolean>('conditions')) {
  test(`condition: ${name}`, () => {
    const { operator, values, had, context = {}, effect = 'Allow', version } = input
    const at = { pointer: '', line: 1, column: 1 }
    const condition = compileCondition(
      { operator, key: 'Tested:Key', values, at },
      { effect, hasVariables: version !== '2008-10-17' },
    )
    const known = contextOf({ ...context, ...(had === undefined ? {} : { 'tested:KEY': had }) })
    assert.equal(condition.holds(known), expected, source)
  })
}

interface ElementInput {
  readonly element: 'Action' | 'NotAction' | 'Resource' | 'NotResource'
  readonly patterns: readonly string[]
  readonly had: string
  readonly effect?: 'Allow' | 'Deny'
  readonly version?: string
  readonly context?: Context
}

for (const { name, input, expected, source } of casesOf<ElementInput, boolean>('elements')) {
  test(`element: ${name}`, () => {
    const { element, patterns, had, effect = 'Allow', version = '2012-10-17', context = {} } = input
    const isAction = element.endsWith('Action')
    const rest = isAction ? { Resource: '*' } : { Action: '*' }
    const document = {
      Version: version,
      Statement: { Effect: effect, ...rest, [element]: patterns },
    }
    const all = compiled('identity', { Effect: 'Allow', Action: '*', Resource: '*' })
    const tested = compilePolicy(documentOf(document), { type: 'identity', id: 'p' }, new Map())
    const decision = evaluate(
      {
        requester: dev,
        action: isAction ? had : 'ecr:PutImage',
        resource: isAction ? repository : had,
        resourceAccount: owner,
        context: contextOf(context),
      },
      { ...noPolicies, identity: effect === 'Deny' ? [all, tested] : [tested] },
    )
    const applied = effect === 'Deny' ? 'explicit-deny' : 'allow'
    assert.equal(decision.kind === applied, expected, source)
  })
}

interface PrincipalInput {
  readonly element: 'Principal' | 'NotPrincipal'
  readonly value: unknown
  readonly caller: string | null
  readonly boundary?: boolean
  readonly ids?: Readonly<Record<string, string>>
}

for (const { name, input, expected, source } of casesOf<PrincipalInput, string>('principals')) {
  test(`principal: ${name}`, () => {
    const { element, value, caller, boundary = false, ids = {} } = input
    const [statement] = documentOf({ Statement: { Effect: 'Deny', [element]: value } }).statements
    assert.ok(statement?.principal !== undefined)
    const match = compilePrincipal(statement.principal, new Map(Object.entries(ids)))
    const chain = chainOf(requesterOf(caller))
    if (element === 'NotPrincipal') {
      assert.equal(match.binds(chain, boundary) ? 'denied' : 'exempt', expected, source)
      assert.equal(match.grantTo(chain), undefined, 'NotPrincipal with Allow names nobody')
    } else {
      assert.equal(match.grantTo(chain) ?? 'none', expected, source)
      assert.equal(match.binds(chain, boundary), expected !== 'none', source)
    }
  })
}

type Voice = 'allow' | 'silent' | 'deny'

interface PrincipalStatement {
  readonly effect: 'Allow' | 'Deny'
  readonly principal: unknown
  readonly action?: string
  readonly condition?: unknown
}

interface CombinationInput {
  readonly caller: string | null
  /** ecr:PutImage where nothing is said. */
  readonly action?: string
  readonly resourceArn?: string
  readonly identity?: Voice
  readonly boundary?: Voice
  readonly session?: Voice
  readonly scp?: readonly Voice[]
  readonly rcp?: readonly Voice[]
  readonly resource?: PrincipalStatement
  readonly trust?: PrincipalStatement
  readonly context?: Context
}

interface Outcome {
  readonly decision: Decision['kind']
  /** Policy types, and `root` or `builtin` for rules. */
  readonly decidedBy?: readonly string[]
  readonly missing?: readonly PolicyType[]
}

/** A policy that allows the action, one that speaks of another, and one that allows everything but denies the action. */
function voiced(type: PolicyType, voice: Voice, action: string): CompiledPolicy {
  const everyone = type === 'rcp' ? { Principal: '*' } : {}
  const onAll = { ...everyone, Resource: '*' }
  if (voice === 'deny') {
    const all = { Effect: 'Allow', Action: '*', ...onAll }
    return compiled(type, all, { Effect: 'Deny', Action: action, ...onAll })
  }
  const spoken = voice === 'allow' ? action : 'ecr:DescribeRegistry'
  return compiled(type, { Effect: 'Allow', Action: spoken, ...onAll })
}

function policiesOf(input: CombinationInput, usualAction: string): PolicySet {
  const { identity, boundary, session, scp = [], rcp = [], resource, trust } = input
  const list = (type: PolicyType, voice: Voice): readonly CompiledPolicy[] => [
    voiced(type, voice, usualAction),
  ]
  const attached = (type: PolicyType, statement: PrincipalStatement): readonly CompiledPolicy[] => [
    compiled(type, {
      Effect: statement.effect,
      Principal: statement.principal,
      Action: statement.action ?? usualAction,
      Condition: statement.condition ?? {},
    }),
  ]
  return {
    identity: identity === undefined ? [] : list('identity', identity),
    resource: [
      ...(resource === undefined ? [] : attached('resource', resource)),
      ...(trust === undefined ? [] : attached('trust', trust)),
    ],
    boundary: boundary === undefined ? undefined : list('boundary', boundary),
    session: session === undefined ? undefined : list('session', session),
    scp: scp.map((voice) => list('scp', voice)),
    rcp: rcp.map((voice) => list('rcp', voice)),
  }
}

function principalArnOf(caller: string | null): Context {
  const requester = requesterOf(caller)
  if (requester.kind === 'assumed-role') return { 'aws:PrincipalArn': requester.roleArn }
  return 'account' in requester && caller !== null ? { 'aws:PrincipalArn': caller } : {}
}

for (const file of ['combinations', 'special-actions']) {
  for (const { name, input, expected, source } of casesOf<CombinationInput, Outcome>(file)) {
    test(`${file}: ${name}`, () => {
      const action = input.action ?? 'ecr:PutImage'
      const decision = evaluate(
        {
          requester: requesterOf(input.caller),
          action,
          resource: input.resourceArn ?? repository,
          resourceAccount: owner,
          context: contextOf({ ...principalArnOf(input.caller), ...input.context }),
        },
        policiesOf(input, action),
      )
      assert.deepEqual(outcomeOf(decision), expected, source)
    })
  }
}

function outcomeOf(decision: Decision): Outcome {
  if (decision.kind === 'implicit-deny') {
    assert.equal(decision.fault, undefined)
    return { decision: decision.kind, missing: decision.missing }
  }
  const decidedBy = decision.decidedBy.map(({ type, policy }) =>
    policy === 'root' || policy === 'builtin' ? policy : type,
  )
  return { decision: decision.kind, decidedBy }
}
