import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { ContextValues } from '../policy/context-values.ts'
import { denialSentence } from '../policy/denial.ts'
import type { AccessRequest, Decision } from '../policy/evaluate.ts'
import { explain, type ExplainedPolicy } from '../policy/explain.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { policySet } from './authorize.ts'
import type { Caller } from './caller.ts'
import { imagineCaller } from './named-caller.ts'
import type { PolicySnapshots } from './policy-snapshot.ts'
import { requestContext, type RequestKeys } from './request-context.ts'

export interface AccessExplanation {
  readonly kind: 'explained'
  /** As messages name it. */
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly decision: Decision
  /** AWS's sentence; absent where the request is allowed. */
  readonly message: string | undefined
  /** Policies of another account than the asker's are named, and what they say is not shown. */
  readonly policies: readonly (ExplainedPolicy & { readonly isHidden: boolean })[]
  readonly contextUsed: readonly string[]
  readonly contextAbsent: readonly string[]
}

export type Explained = AccessExplanation | { readonly kind: 'unknown-principal' }

/** What only a connection has: absent, where nobody says otherwise. */
const ofConnection = new Set([
  'aws:sourceip',
  'aws:securetransport',
  'aws:useragent',
  'aws:referer',
  'pratique:authmethod',
])

/**
 * What the policies say to a request that a principal would make now, statement by statement. `keys` are condition keys as
 * policies name them; they stand before what is known of the principal and the resource.
 */
export async function explainAccess(
  deps: {
    readonly reader: SqlReader
    readonly snapshots: PolicySnapshots
    readonly clock: Clock
    readonly region: string
    /** Runs the installation, and so may see everybody's. */
    readonly managingAccount: AccountId
  },
  input: {
    /** Whose question it is. */
    readonly account: AccountId
    readonly principal: string
    readonly action: string
    readonly resource: string
    readonly keys: RequestKeys
  },
): Promise<Explained> {
  const { account, action, resource } = input
  const now = deps.clock.now()
  const caller = await imagineCaller(deps.reader, input.principal, { account, now })
  const isManaging = account === deps.managingAccount
  // Nobody learns from here who there is in another account.
  const isTheirs = caller !== undefined && (isManaging || isOf(account, caller))
  if (caller === undefined || !isTheirs) return { kind: 'unknown-principal' }
  const gathered = await deps.snapshots.gather(caller, action, [resource])
  const [about] = gathered.resources
  if (about === undefined) throw new Error('nothing was gathered for the resource')
  const known = requestContext({
    caller,
    now,
    region: deps.region,
    resourceAccount: about.account,
    principalTags: gathered.principal.tags,
    resourceTags: about.tags,
    keys: input.keys,
  })
  const context = withoutConnection(known, input.keys)
  const { requester, principalArn } = caller
  const asked = { requester, action, resource, resourceAccount: about.account, context }
  const explained = explain(asked, policySet(asked, gathered, about))
  const { decision } = explained
  return {
    ...explained,
    kind: 'explained',
    principal: principalArn,
    action,
    resource,
    message:
      decision.kind === 'allow'
        ? undefined
        : denialSentence({ principalArn, action, resource }, decision),
    policies: explained.policies.map((policy) =>
      isManaging
        ? { ...policy, isHidden: false }
        : shownTo(account, { caller, request: asked }, policy),
    ),
  }
}

function isOf(account: AccountId, { accountId, requester }: Caller): boolean {
  return requester.kind === 'anonymous' || accountId === account
}

function withoutConnection(known: ContextValues, keys: RequestKeys): ContextValues {
  const given = new Set(Object.keys(keys).map((key) => key.toLowerCase()))
  return {
    get: (key) => (ofConnection.has(key) && !given.has(key) ? undefined : known.get(key)),
  }
}

function shownTo(
  asker: AccountId,
  { caller, request }: { readonly caller: Caller; readonly request: AccessRequest },
  policy: ExplainedPolicy,
): AccessExplanation['policies'][number] {
  const isOfResource = policy.type === 'resource' || policy.type === 'rcp'
  const owner = isOfResource ? request.resourceAccount : caller.accountId
  const isHidden = owner !== asker
  return { ...policy, statements: isHidden ? [] : policy.statements, isHidden }
}
