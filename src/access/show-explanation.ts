// An explanation as somebody may see it who cannot read the policies of every account.
import type { PolicyType } from '../policy/compile.ts'
import type { AccessRequest, Decision, PolicySet } from '../policy/evaluate.ts'
import { explain, type Explanation, type ExplainedPolicy, type Failure } from '../policy/explain.ts'
import { countedDecision } from './counted-decision.ts'

export interface Asked {
  readonly request: AccessRequest
  readonly policies: PolicySet
}

/** A request with its policies, and of which types its asker may read what they say. */
export interface View extends Asked {
  readonly canRead: (type: PolicyType) => boolean
}

export interface ShownExplanation extends Explanation {
  /** Of a policy that is hidden it is told that it is there, and no statement is shown. */
  readonly policies: readonly (ExplainedPolicy & { readonly isHidden: boolean })[]
}

/** The explanation, without what policies of other accounts say: neither statements nor which keys they read. */
export function showExplanation(view: View): ShownExplanation {
  const { request, policies, canRead } = view
  const { decision, ...explained } = explain(request, policies)
  const { resource, rcp } = policies
  const readable = {
    ...policies,
    resource: canRead('resource') ? resource : [],
    rcp: canRead('rcp') ? rcp : [],
  }
  const { contextUsed, contextAbsent } = explain(request, readable)
  return {
    decision: shownDecision(view, decision),
    policies: explained.policies.map((policy) => {
      const isHidden = !canRead(policy.type)
      const statements = isHidden ? [] : policy.statements
      return { ...policy, statements: statements.map((one) => withoutTags(view, one)), isHidden }
    }),
    contextUsed,
    contextAbsent,
  }
}

function shownDecision({ request, canRead }: View, evaluated: Decision): Decision {
  const decision = countedDecision(request, evaluated)
  if (decision.kind === 'implicit-deny') return decision
  const decidedBy = decision.decidedBy.map((by) =>
    canRead(by.type) ? by : { ...by, sid: undefined },
  )
  return { ...decision, decidedBy }
}

type Statement = ExplainedPolicy['statements'][number]

/** Tags of another account's resource may say more than who may use it. */
function withoutTags({ canRead }: View, statement: Statement): Statement {
  if (canRead('resource')) return statement
  return { ...statement, failures: statement.failures.map(withoutTag) }
}

function withoutTag(failure: Failure): Failure {
  if (failure.part !== 'condition') return failure
  const { key, had, variables } = failure
  const hidden = (name: string, value: typeof had): typeof had =>
    value !== undefined && /^(?:aws|ecr):resourcetag\//i.test(name) ? '(not shown)' : value
  return {
    ...failure,
    had: hidden(key, had),
    variables: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, hidden(name, value)]),
    ),
  }
}
