// Purpose:  tell whoever may know why a request was denied, in a text that says nothing to whoever was denied.
// Spec:     STS API Reference, DecodeAuthorizationMessage (the decoded document, at most 10,240 characters).
// Input:    the facts of a denial; the text as a client sends it back, hostile.
// Deviates: a text holds for seven days; statements of another account's policies are shown by their type alone.
// Unknowns: a text that is altered, too old, or of another installation or purpose → undefined.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import type { Decision, DecidingStatement } from '../policy/evaluate.ts'
import type { PolicyType } from '../policy/compile.ts'
import type { Statement } from '../policy/document.ts'
import type { Caller } from './caller.ts'
import { renderStatement } from './rules/render-statement.ts'
import { openSealed, seal, type SealKeys } from './rules/seal.ts'

export const longestMessage = 10_240
const lifetimeMs = 7 * 86_400_000
const context = 'authorization-message/1'

export interface DeniedRequest {
  readonly caller: Pick<Caller, 'accountId' | 'principalId' | 'principalArn'>
  readonly action: string
  readonly resource: string
  /** Undefined for what belongs to no account, and where nobody knows. */
  readonly resourceAccount: AccountId | undefined
  readonly decision: Exclude<Decision, { readonly kind: 'allow' }>
  /** The condition keys that were asked for and there. */
  readonly context: ReadonlyMap<string, readonly string[]>
  /** As they are written, by the place that `decision` names; without them their names are shown. */
  readonly statementOf?: (by: DecidingStatement) => Statement | undefined
}

interface Deps {
  readonly clock: Clock
  readonly ids: Ids
  readonly messageKey: SealKeys
}

/** At most 10,240 characters of A-Z a-z 0-9 - _; what does not fit is left out, the values of conditions first. */
export function encodeAuthorizationMessage(deps: Deps, denied: DeniedRequest): string | undefined {
  const account = shownAccount(denied)
  const expiresAt = deps.clock.now().getTime() + lifetimeMs
  const lengths = [
    { conditions: true, statements: true },
    { conditions: false, statements: true },
    { conditions: false, statements: false },
  ]
  for (const shown of lengths) {
    const document = JSON.stringify(documentOf(denied, account, shown))
    // Not packed: the length would tell who chooses parts of it what the rest resembles.
    const plain = Buffer.from(JSON.stringify([account, expiresAt, document]))
    const sealed = seal(deps.messageKey, deps.ids.bytes(12), plain, context).toString('base64url')
    if (sealed.length <= longestMessage) return sealed
  }
  return undefined
}

export interface DecodedMessage {
  /** Whose policies it shows, and who says who may read it. */
  readonly account: AccountId
  /** JSON, as AWS has it. */
  readonly document: string
}

export function decodeAuthorizationMessage(
  deps: Pick<Deps, 'clock' | 'messageKey'>,
  message: string,
): DecodedMessage | undefined {
  if (message.length > longestMessage) return undefined
  const plain = openSealed(deps.messageKey, Buffer.from(message, 'base64url'), context)
  const parsed: unknown = plain === undefined ? undefined : JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : []
  const [accountId, expiresAt, document] = members
  const account = typeof accountId === 'string' ? parseAccountId(accountId) : undefined
  if (account === undefined || typeof document !== 'string') return undefined
  if (typeof expiresAt !== 'number' || expiresAt <= deps.clock.now().getTime()) return undefined
  return { account, document }
}

const ofResource: ReadonlySet<PolicyType> = new Set(['resource', 'rcp', 'trust'])

/** The owner of the resource where its policies decided, else the caller's account. */
export function shownAccount({
  decision,
  resourceAccount,
  caller,
}: Pick<DeniedRequest, 'decision' | 'resourceAccount' | 'caller'>): AccountId {
  const [first] =
    decision.kind === 'explicit-deny' ? decision.decidedBy.map((by) => by.type) : decision.missing
  const isOfResource = first !== undefined && ofResource.has(first)
  return isOfResource ? (resourceAccount ?? caller.accountId) : caller.accountId
}

function documentOf(
  denied: DeniedRequest,
  account: AccountId,
  shown: { readonly conditions: boolean; readonly statements: boolean },
): unknown {
  const { caller, action, resource, decision } = denied
  const isExplicit = decision.kind === 'explicit-deny'
  const matched = isExplicit ? decision.decidedBy : []
  const failures = isExplicit ? [] : decision.missing
  return {
    allowed: false,
    explicitDeny: isExplicit,
    matchedStatements: {
      items: matched.map((by) => itemOf(denied, account, by, shown.statements)),
    },
    failures: { items: failures.map((policyType) => ({ policyType })) },
    context: {
      principal: { id: caller.principalId, arn: caller.principalArn },
      action,
      resource,
      conditions: {
        items: shown.conditions
          ? Array.from(denied.context, ([key, values]) => ({ key, values: valuesOf(values) }))
          : [],
      },
    },
  }
}

function itemOf(
  denied: DeniedRequest,
  account: AccountId,
  by: DecidingStatement,
  isWhole: boolean,
): unknown {
  const owner = ofResource.has(by.type) ? denied.resourceAccount : denied.caller.accountId
  const effect = 'DENY'
  if (owner !== account) return { effect, policyType: by.type }
  const place = { policyType: by.type, policyId: by.policy, statementIndex: by.index }
  const named = { statementId: by.sid ?? '', effect, ...place }
  const statement = isWhole ? denied.statementOf?.(by) : undefined
  return statement === undefined ? named : { ...named, ...renderStatement(statement) }
}

function valuesOf(values: readonly string[]): unknown {
  return { items: values.map((value) => ({ value })) }
}
