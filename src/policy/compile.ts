// Purpose:  prepare a policy once, so that a decision only compares.
// Spec:     IAM User Guide, "IAM JSON policy elements reference"; versions 2008-10-17 and 2012-10-17.
// Input:    a document as parsed, where it comes from, and the ids that its principals had when it was put.
// Deviates: nothing; a repository policy's statement without Resource means the repository itself.
// Unknowns: a statement that needs a principal or a resource and has none: its Allow never applies.
import { compileAction, type ActionMatch } from './action-match.ts'
import { compileCondition, type CompiledCondition } from './condition.ts'
import type { PolicyDocument, Statement } from './document.ts'
import { compilePrincipal, type PrincipalMatch } from './principal-match.ts'
import { compileResource, type CompiledResource } from './resource-match.ts'

/** What a policy is to a decision: where it is attached, not what may stand in it. */
export type PolicyType = 'identity' | 'resource' | 'boundary' | 'session' | 'scp' | 'rcp' | 'trust'

export interface PolicyName {
  readonly type: PolicyType
  /** An ARN, `inline:NAME`, `repository policy` …: what an explanation calls it. */
  readonly id: string
  readonly version?: string
}

export interface CompiledPolicy {
  readonly name: PolicyName
  readonly document: PolicyDocument
  /** As they were when it was compiled, so that a changed document can be compiled again. */
  readonly principals: ReadonlyMap<string, string>
  /** In the order of the document. */
  readonly statements: readonly CompiledStatement[]
  readonly denies: readonly CompiledStatement[]
  readonly allows: readonly CompiledStatement[]
}

export interface CompiledStatement {
  readonly policy: PolicyName
  readonly written: Statement
  readonly matchesAction: ActionMatch
  /** Undefined where the type of policy has none: it is about whom it is attached to. */
  readonly principal: PrincipalMatch | undefined
  /** Undefined: the resource that the policy is attached to. */
  readonly resource: CompiledResource | undefined
  readonly conditions: readonly CompiledCondition[]
}

const typesWithPrincipal: ReadonlySet<PolicyType> = new Set(['resource', 'trust', 'rcp'])
const typesOfResources: ReadonlySet<PolicyType> = new Set(['resource', 'trust'])

const nobody: PrincipalMatch = { grantTo: () => undefined, binds: () => false }
/** Reads like a pattern that cannot be resolved. */
const unknownResource: CompiledResource = { matches: () => undefined, variables: [] }

/**
 * `principals` gives the unique id for an ARN in a Principal element, as resolved when the document was put; an ARN that is
 * not in it is compared by its text.
 */
export function compilePolicy(
  document: PolicyDocument,
  name: PolicyName,
  principals: ReadonlyMap<string, string>,
): CompiledPolicy {
  const language = languageOf(document)
  const statements = document.statements.map((statement) =>
    compileStatement(statement, name, principals, language),
  )
  return policyOf({ name, document, principals }, statements)
}

/** The policy with a statement more, or with another one in the place of one; the others stay as they were compiled. */
export function withStatement(policy: CompiledPolicy, statement: Statement): CompiledPolicy {
  const { document, name, principals } = policy
  const compiled = compileStatement(statement, name, principals, languageOf(document))
  const isThere = document.statements.some(({ index }) => index === statement.index)
  const statements = isThere
    ? policy.statements.map((one) => (one.written.index === statement.index ? compiled : one))
    : [...policy.statements, compiled]
  const written = { ...document, statements: statements.map((one) => one.written) }
  return policyOf({ name, document: written, principals }, statements)
}

function languageOf({ version }: PolicyDocument): { readonly hasVariables: boolean } {
  return { hasVariables: version === '2012-10-17' }
}

function policyOf(
  of: Pick<CompiledPolicy, 'name' | 'document' | 'principals'>,
  statements: readonly CompiledStatement[],
): CompiledPolicy {
  return {
    ...of,
    statements,
    denies: statements.filter(({ written }) => written.effect === 'Deny'),
    allows: statements.filter(({ written }) => written.effect === 'Allow'),
  }
}

function compileStatement(
  statement: Statement,
  policy: PolicyName,
  ids: ReadonlyMap<string, string>,
  language: { readonly hasVariables: boolean },
): CompiledStatement {
  return {
    policy,
    written: statement,
    matchesAction: compileAction(statement.action),
    principal: principalOf(statement, policy, ids),
    resource: resourceOf(statement, policy, language),
    conditions: statement.conditions.map((test) =>
      compileCondition(test, { ...language, effect: statement.effect }),
    ),
  }
}

function principalOf(
  { principal }: Statement,
  { type }: PolicyName,
  ids: ReadonlyMap<string, string>,
): PrincipalMatch | undefined {
  if (principal !== undefined) return compilePrincipal(principal, ids)
  return typesWithPrincipal.has(type) ? nobody : undefined
}

function resourceOf(
  { resource }: Statement,
  { type }: PolicyName,
  language: { readonly hasVariables: boolean },
): CompiledResource | undefined {
  if (resource !== undefined) return compileResource(resource, language)
  return typesOfResources.has(type) ? undefined : unknownResource
}
