// The shared corpus: whole policies with requests, from the text to the decision.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { requesterOf } from '../../test/kit/policies.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import { parseAccountId } from './account-id.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import type { PolicyKind } from './document.ts'
import { evaluate, type Decision, type PolicySet } from './evaluate.ts'
import { parsePolicy } from './parse-policy.ts'

interface CasePolicies {
  readonly identity?: readonly unknown[]
  readonly resource?: unknown
  readonly boundary?: readonly unknown[] | null
  readonly session?: unknown
  readonly scp?: readonly (readonly unknown[])[]
  readonly rcp?: readonly (readonly unknown[])[]
}

interface CaseRequest {
  readonly principal: string | null
  readonly action: string
  readonly resource: string
  readonly resourceAccount: string
  readonly context: Readonly<Record<string, string | readonly string[]>>
}

interface Expected {
  readonly decision: string
  readonly decidedBy: readonly string[]
  readonly missing: readonly string[]
}

interface SharedCase {
  readonly id: string
  readonly title: string
  readonly policies: CasePolicies
  readonly request: CaseRequest
  readonly expected: Expected
}

const kinds: Readonly<Record<PolicyType, PolicyKind>> = {
  identity: 'identity',
  boundary: 'identity',
  resource: 'repository',
  trust: 'trust',
  session: 'session',
  scp: 'scp',
  rcp: 'rcp',
}

function compileAll(type: PolicyType, documents: readonly unknown[]): readonly CompiledPolicy[] {
  return documents.map((document, index) => {
    // Some cases are of documents that could not be put today, as they may stand in an old registry.
    const reading = parsePolicy(JSON.stringify(document), kinds[type], { isStored: true })
    assert.ok(reading.kind === 'valid', JSON.stringify(reading))
    return compilePolicy(reading.document, { type, id: `${type} ${index}` }, new Map())
  })
}

function policySetOf(policies: CasePolicies, isTrust: boolean): PolicySet {
  const { identity = [], resource, boundary, session, scp = [], rcp = [] } = policies
  const isBound = boundary !== undefined && boundary !== null && boundary.length > 0
  return {
    identity: compileAll('identity', identity),
    resource: compileAll(isTrust ? 'trust' : 'resource', present(resource)),
    boundary: isBound ? compileAll('boundary', boundary) : undefined,
    session: present(session).length > 0 ? compileAll('session', present(session)) : undefined,
    scp: scp.map((level) => compileAll('scp', level)),
    rcp: rcp.map((level) => compileAll('rcp', level)),
  }
}

function present(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : [value]
}

const words = { allow: 'Allow', 'explicit-deny': 'ExplicitDeny', 'implicit-deny': 'ImplicitDeny' }

/** In the corpus a trust policy is the resource's, and a rule is a type of its own. */
function outcomeOf(decision: Decision): Expected {
  if (decision.kind === 'implicit-deny') assert.equal(decision.fault, undefined)
  const word = (type: PolicyType): string => (type === 'trust' ? 'resource' : type)
  return {
    decision: words[decision.kind],
    decidedBy:
      decision.kind === 'implicit-deny'
        ? []
        : decision.decidedBy.map(({ type, policy, index, sid }) => {
            const isRule = policy === 'root' || policy === 'builtin'
            return `${isRule ? policy : word(type)}/${sid ?? index}`
          }),
    missing: decision.kind === 'implicit-deny' ? decision.missing.map(word) : [],
  }
}

function decideCase(policies: CasePolicies, request: CaseRequest): Expected {
  const { principal, action, resource, resourceAccount, context } = request
  const decision = evaluate(
    {
      requester: requesterOf(principal, roleArnOf(context)),
      action,
      resource,
      resourceAccount: parseAccountId(resourceAccount),
      context: contextOf(context),
    },
    policySetOf(policies, action === 'sts:AssumeRole'),
  )
  return outcomeOf(decision)
}

function roleArnOf(context: CaseRequest['context']): string | undefined {
  const arn = context['aws:PrincipalArn']
  return typeof arn === 'string' && arn.includes(':role/') ? arn : undefined
}

const corpus = sharedData('iam', 'golden-cases.json')

test('every case of the shared corpus', { skip: corpus === undefined }, async (t) => {
  const { cases } = JSON.parse(readFileSync(corpus ?? '', 'utf8')) as { cases: SharedCase[] }
  assert.equal(cases.length, 109)
  for (const { id, title, policies, request, expected } of cases) {
    await t.test(`${id} ${title}`, () => {
      assert.deepEqual(decideCase(policies, request), expected)
    })
  }
})
