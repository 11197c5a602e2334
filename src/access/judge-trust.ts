import type { AccountId } from '../policy/account-id.ts'
import { parseArn } from '../policy/arn.ts'
import { compilePolicy, type CompiledPolicy } from '../policy/compile.ts'
import type { ContextValues } from '../policy/context-values.ts'
import { evaluate, type Decision, type PolicySet } from '../policy/evaluate.ts'
import { parsePolicy } from '../policy/parse-policy.ts'
import type { Requester } from '../policy/requester.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findAssumableRole, type AssumableRole } from './assumable-role-store.ts'
import type { Caller } from './caller.ts'

/** Condition keys that an STS request brings, by the names that policies have for them. */
export type TrustKeys = Readonly<Record<string, string | readonly string[]>>

export interface TrustQuestion {
  readonly caller: Caller
  readonly action: string
  readonly resource: string
  readonly keys: TrustKeys
}

/** Everything but the trust policy: the policies of who asks and the guard rails of both accounts, and the request's context. */
export type GatherForTrust = (question: TrustQuestion) => Promise<{
  readonly policies: Omit<PolicySet, 'resource'>
  readonly context: ContextValues
}>

/** The role's own name in its ARN, in which letters count. */
export function roleNameOf(
  arn: string,
): { readonly account: AccountId; readonly path: string; readonly name: string } | undefined {
  const parsed = parseArn(arn)
  const [, path, name] =
    /^role(\/(?:[!-~]+\/)?)([\w+=,.@-]{1,64})$/.exec(parsed?.resource ?? '') ?? []
  const { account } = parsed ?? {}
  if (parsed?.service !== 'iam' || parsed.region !== '' || account === undefined) return undefined
  return path === undefined || name === undefined ? undefined : { account, path, name }
}

/** The role of exactly that ARN. */
export async function findRoleByArn(
  reader: SqlReader,
  arn: string,
): Promise<AssumableRole | undefined> {
  const named = roleNameOf(arn)
  if (named === undefined) return undefined
  const role = await findAssumableRole(reader, named.account, named.name)
  return role?.path === named.path && role.name === named.name ? role : undefined
}

/**
 * May whoever asks do this to the role, by its trust policy and by their own policies? A role that does not exist trusts nobody,
 * so that the answer does not tell which roles there are; nor does one whose trust policy cannot be read.
 */
export async function judgeTrust(
  gather: GatherForTrust,
  role: AssumableRole | undefined,
  question: TrustQuestion,
): Promise<Decision> {
  const { caller, action, resource } = question
  const { policies, context } = await gather(question)
  const requester: Requester = caller.requester
  const resourceAccount = roleNameOf(resource)?.account
  const trust = role === undefined ? [] : trustPolicyOf(role, resource)
  const request = { requester, action, resource, resourceAccount, context }
  return evaluate(request, { ...policies, resource: trust })
}

function trustPolicyOf(role: AssumableRole, arn: string): readonly CompiledPolicy[] {
  const reading = parsePolicy(role.trustDocument, 'trust', { isStored: true })
  if (reading.kind === 'malformed') return []
  return [compilePolicy(reading.document, { type: 'trust', id: arn }, role.trustPrincipals)]
}
