import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { ContextValues } from '../policy/context-values.ts'
import type { Statement } from '../policy/document.ts'
import { denialSentence } from '../policy/denial.ts'
import {
  evaluate,
  type AccessRequest,
  type Decision,
  type DecidingStatement,
  type PolicySet,
} from '../policy/evaluate.ts'
import type { Caller } from './caller.ts'
import { countedDecision } from './counted-decision.ts'
import { shownAccount, type DeniedRequest } from './encoded-message.ts'
import type { Gathered, PolicySnapshots, ResourcePolicies } from './policy-snapshot.ts'
import { requestContext, type Installation, type RequestKeys } from './request-context.ts'
import { passesGuardRails } from './rules/exceptions.ts'
import type { TagValues } from './rules/tag-values.ts'

export interface AuthorizationRequest {
  readonly action: string
  /** ARNs, or `*` for an action that has no resource. Each of them must be allowed. */
  readonly resources: readonly string[]
  /** Condition keys that only the operation knows. */
  readonly keys?: RequestKeys | undefined
}

/** Tells the facts of a denial to those alone who may have it decoded: see encoded-message.ts. */
export type MessageEncoder = (denied: DeniedRequest) => string | undefined

type Denial = Exclude<Decision, { readonly kind: 'allow' }>

export type Authorization =
  | {
      readonly kind: 'allow'
      /** Of the first resource. */
      readonly decidedBy: readonly DecidingStatement[]
      readonly epoch: number
    }
  | {
      readonly kind: 'deny'
      /** AWS's own sentence: scripts and people recognise it. */
      readonly message: string
      readonly encodedMessage: string | undefined
      readonly resource: string
      readonly decision: Denial
      readonly epoch: number
    }

/** The question below, as the doors ask it. */
export type Authorizer = (caller: Caller, request: AuthorizationRequest) => Promise<Authorization>

export interface AuthorizeDeps extends Installation {
  readonly snapshots: PolicySnapshots
  readonly clock: Clock
  readonly encodeMessage: MessageEncoder
}

/**
 * The one question for both protocols: may this caller do this to these resources? Policies are read at each use, all at one
 * moment, so that a token never outlives the rights of who asked for it. What cannot be read is a fault, never an Allow.
 */
export async function authorize(
  deps: AuthorizeDeps,
  caller: Caller,
  request: AuthorizationRequest,
): Promise<Authorization> {
  const gathered = await deps.snapshots.gather(caller, request.action, request.resources)
  return judge(deps, caller, request, gathered)
}

/** The same answer as it would be if the first resource had this policy and no other of its own. */
export async function authorizeUnder(
  deps: AuthorizeDeps,
  caller: Caller,
  request: AuthorizationRequest,
  repositoryPolicy: CompiledPolicy,
): Promise<Authorization> {
  const gathered = await deps.snapshots.gather(caller, request.action, request.resources)
  const [first, ...others] = gathered.resources
  if (first === undefined) throw new Error(`${request.action} names no resource`)
  const changed = { ...first, repository: repositoryPolicy }
  return judge(deps, caller, request, { ...gathered, resources: [changed, ...others] })
}

/** What a repository that is not there will have when it is made. */
export interface FutureRepository {
  readonly policy: CompiledPolicy | undefined
  readonly tags: TagValues
}

/** The same answer as it will be when the first resource, a repository that is not there, is made. */
export async function authorizeAsMade(
  deps: AuthorizeDeps,
  caller: Caller,
  request: AuthorizationRequest,
  future: FutureRepository,
): Promise<Authorization> {
  const gathered = await deps.snapshots.gather(caller, request.action, request.resources)
  const [first, ...others] = gathered.resources
  if (first === undefined) throw new Error(`${request.action} names no resource`)
  const resources = [asMade(first, future), ...others]
  return judge(deps, caller, request, { ...gathered, resources })
}

export function asMade(present: ResourcePolicies, future: FutureRepository): ResourcePolicies {
  return { ...present, repository: future.policy, tags: future.tags }
}

function judge(
  deps: AuthorizeDeps,
  caller: Caller,
  request: AuthorizationRequest,
  gathered: Gathered,
): Authorization {
  const { epoch } = gathered
  const now = deps.clock.now()
  let decidedBy: readonly DecidingStatement[] | undefined
  for (const [index, resource] of request.resources.entries()) {
    const policies = gathered.resources[index]
    // Nothing to ask about would be nothing to refuse.
    if (policies === undefined) break
    const about = { resource, policies, gathered, now }
    const judged = judgeOne(deps, caller, request, about)
    const { decision } = judged
    if (decision.kind === 'allow') {
      decidedBy ??= decision.decidedBy
      continue
    }
    const told = isStranger(judged)
      ? judgeOne(deps, caller, request, { ...about, policies: unseen(policies) })
      : judged
    return deny(deps, caller, told, epoch)
  }
  if (decidedBy === undefined) throw new Error(`${request.action} was asked about no resource`)
  return { kind: 'allow', decidedBy, epoch }
}

interface About {
  readonly resource: string
  readonly policies: ResourcePolicies
  readonly gathered: Gathered
  readonly now: Date
}

interface Judged {
  readonly asked: AccessRequest
  readonly set: PolicySet
  readonly decision: Decision
}

function judgeOne(
  deps: Installation,
  caller: Caller,
  request: AuthorizationRequest,
  about: About,
): Judged {
  const asked = accessRequest(deps, caller, request, about)
  const set = policySet(asked, about.gathered, about.policies)
  return { asked, set, decision: decide(asked, set) }
}

/**
 * Somebody of another account to whom the resource's own policies say nothing. Told how their own policies would judge what is
 * there, they could ask of each name whether it is there, and read its tags by a condition of theirs.
 */
function isStranger({ asked, set, decision }: Judged): boolean {
  const { requester, resourceAccount } = asked
  if (resourceAccount === undefined || !('account' in requester)) return false
  if (requester.account === resourceAccount) return false
  // That the owner turned somebody away is said in AWS's words.
  if (decision.kind === 'explicit-deny' && decision.decidedBy.some(isOfOwner)) return false
  const ofOwner = decide(asked, {
    ...set,
    identity: [],
    boundary: undefined,
    session: undefined,
    scp: [],
  })
  if (ofOwner.kind === 'implicit-deny') return ofOwner.missing.includes('resource')
  return ofOwner.kind === 'explicit-deny'
}

function isOfOwner({ type }: DecidingStatement): boolean {
  return type === 'resource' || type === 'rcp'
}

/** As if it were not there. Without a policy of its account it is closed to every other one. */
function unseen({ account, rcp }: ResourcePolicies): ResourcePolicies {
  return { account, rcp, repository: undefined, registry: undefined, tags: new Map() }
}

/** The request as the engine is asked it. */
export function accessRequest(
  deps: Installation,
  caller: Caller,
  { action, keys }: AuthorizationRequest,
  about: About,
): AccessRequest {
  const { resource, policies, gathered, now } = about
  const context = requestContext({
    caller,
    now,
    installation: deps,
    principal: gathered.principal,
    resource: policies,
    keys,
  })
  const { requester } = caller
  return { requester, action, resource, resourceAccount: policies.account, context }
}

/** All that is judged by, but for what rules/exceptions.ts leaves out. */
export function policySet(
  asked: Pick<AccessRequest, 'requester' | 'action'>,
  { principal }: Pick<Gathered, 'principal'>,
  resource: ResourcePolicies,
): PolicySet {
  const isUnbound = passesGuardRails(asked)
  const ofResource: CompiledPolicy[] = []
  if (resource.repository !== undefined) ofResource.push(resource.repository)
  if (resource.registry !== undefined) ofResource.push(resource.registry)
  return {
    identity: principal.identity,
    resource: ofResource,
    boundary: principal.boundary,
    session: principal.session,
    scp: isUnbound ? [] : principal.scp,
    rcp: isUnbound ? [] : resource.rcp,
  }
}

function decide(asked: AccessRequest, set: PolicySet): Decision {
  const decision = countedDecision(asked, evaluate(asked, set))
  // Denied it is; that it is a fault is for whoever runs the registry to see.
  if (decision.kind === 'implicit-deny' && decision.fault !== undefined) {
    throw new Error('a request could not be judged', { cause: decision.fault })
  }
  return decision
}

function deny(
  deps: AuthorizeDeps,
  caller: Caller,
  { asked, set, decision }: Judged,
  epoch: number,
): Authorization {
  if (decision.kind === 'allow') throw new Error(`${asked.action} is allowed, and was denied`)
  const { action, resource, resourceAccount } = asked
  return {
    kind: 'deny',
    resource,
    decision,
    epoch,
    // Put together only for those who tell it: a list asks about much that it then leaves out.
    get message() {
      return denialSentence({ principalArn: caller.principalArn, action, resource }, decision)
    },
    get encodedMessage() {
      const shown = { caller, resourceAccount, decision }
      const context = contextUsed(asked, setShown(shownAccount(shown), shown, set))
      const statementOf = (by: DecidingStatement): Statement | undefined => findStatement(set, by)
      const denied = { caller, action, resource, resourceAccount, decision, context }
      return deps.encodeMessage({ ...denied, statementOf })
    },
  }
}

/** The policies of the account that may read the message: what another one's ask for is nothing to it. */
function setShown(
  account: AccountId,
  { caller, resourceAccount }: Pick<DeniedRequest, 'caller' | 'resourceAccount'>,
  set: PolicySet,
): PolicySet {
  const isCallers = account === caller.accountId
  const isOwners = resourceAccount === undefined || account === resourceAccount
  return {
    ...(isCallers
      ? set
      : { ...set, identity: [], boundary: undefined, session: undefined, scp: [] }),
    ...(isOwners ? {} : { resource: [], rcp: [] }),
  }
}

/** Judges again and listens to what is asked for: only refusals pay for it. */
function contextUsed(asked: AccessRequest, set: PolicySet): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, readonly string[]>()
  const context: ContextValues = {
    get(key) {
      const value = asked.context.get(key)
      if (value !== undefined) used.set(key, typeof value === 'string' ? [value] : value)
      return value
    },
  }
  decide({ ...asked, context }, set)
  return used
}

/** As it is written. */
function findStatement(set: PolicySet, by: DecidingStatement): Statement | undefined {
  const { identity, resource, boundary = [], session = [], scp, rcp } = set
  const policies = [...identity, ...resource, ...boundary, ...session, ...scp.flat(), ...rcp.flat()]
  const policy = policies.find(({ name }) => name.type === by.type && name.id === by.policy)
  return policy?.statements.find(({ written }) => written.index === by.index)?.written
}
