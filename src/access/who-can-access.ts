import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { parseArn } from '../policy/arn.ts'
import type { DecidingStatement, PolicySet } from '../policy/evaluate.ts'
import { outsidersWhoCan, type OutsiderAccess } from '../policy/outsiders.ts'
import { accessFor, type AccessQuestion, type CandidateAccess } from '../policy/who-can.ts'
import { anonymousCaller } from './anonymous.ts'
import { policySet } from './authorize.ts'
import { opensToEverybody } from './counted-decision.ts'
import type { AnswerDeps } from './explain-access.ts'
import { listKnownCallers, type KnownCaller } from './list-known-callers.ts'
import { imagineCaller } from './named-caller.ts'
import type { Gathered, ResourcePolicies } from './policy-snapshot.ts'
import { requestContext, type RequestKeys } from './request-context.ts'
import { isForNamedOnly } from './rules/exceptions.ts'
import { knownContext, type KnownKind } from './rules/known-context.ts'

/** A statement that grants, and the groups of the user through which it does; none: the user has the policy itself. */
export interface GrantingStatement extends DecidingStatement {
  readonly groups: readonly string[]
}

interface Answer {
  /** An ARN; of a role the role's, for all of its sessions. */
  readonly name: string
  readonly access: 'always' | 'conditional' | 'never'
  /** Of conditional access: when. */
  readonly when: string | undefined
  readonly grantedBy: readonly GrantingStatement[]
  /** What may take it away. */
  readonly deniedBy: readonly DecidingStatement[]
}

export interface KnownAccess extends Answer {
  readonly kind: KnownCaller['kind']
}

/** Somebody who is not of the account. */
export interface StrangerAccess extends Answer {
  readonly kind: OutsiderAccess['kind']
  /** The policies of the other account must allow it as well; here nobody can read them. */
  readonly needsOwnPolicies: boolean
}

export interface WhoCanAnswer {
  readonly kind: 'answered'
  /** Whose principals were asked about. */
  readonly account: AccountId
  readonly action: string
  readonly resource: string
  readonly principals: readonly KnownAccess[]
  /** With the first part only. */
  readonly outsiders: readonly StrangerAccess[]
  /** There are principals who have not been looked at: ask again from here. Undefined: the answer is whole. */
  readonly next: string | undefined
}

interface Deps extends AnswerDeps {
  readonly isAnonymousPullOn: boolean
}

export interface WhoCanInput {
  /** Whose question it is. */
  readonly account: AccountId
  readonly action: string
  readonly resource: string
  /** What is known of the requests; every other key that can differ stays in the condition. */
  readonly keys: RequestKeys
  /** Those who never may are shown too. */
  readonly isAll: boolean
  readonly after: string
  readonly limit: number
}

/**
 * Who may do this to this resource: principals of the resource's account (of the asker's for `*`), and whom its policies let
 * in besides. Another account's resources are that account's to ask about, and its answer would tell what its policies say.
 */
export async function whoCanAccess(
  deps: Deps,
  input: WhoCanInput,
): Promise<WhoCanAnswer | { readonly kind: 'foreign-resource' }> {
  const { action, resource } = input
  const owner = ownerOf(resource) ?? input.account
  if (owner !== input.account && input.account !== deps.managingAccount) {
    return { kind: 'foreign-resource' }
  }
  const now = deps.clock.now()
  const isFirst = input.after === ''
  const nobody = anonymousCaller(owner, { sourceAddress: '', secureTransport: false })
  let next: string | undefined
  // Who shows nothing is first, and stands for the resource's own side.
  const [anybody, ...gathered] = await deps.snapshots.gatherEach<Asked>(
    async () => {
      const { after, limit } = input
      const page = await listKnownCallers(deps.reader, owner, { after, limit, now })
      next = page.next
      return [{ ...nobody, name: 'public', kind: 'nobody' }, ...page.callers]
    },
    action,
    resource,
  )
  if (anybody === undefined) throw new Error('nothing was gathered for the resource')
  const [, { resources }] = anybody
  const sessions = isFirst ? await namedSessions(deps, { owner, now }, resources) : []
  const named = await deps.snapshots.gatherEach<Asked>(async () => sessions, action, resource)
  const principals: KnownAccess[] = []
  for (const [caller, found] of [...gathered, ...named]) {
    const answer = answerOf(deps, { caller, found, now }, input)
    if (caller.kind !== 'nobody' && (input.isAll || answer.access !== 'never')) {
      principals.push({ ...answer, kind: caller.kind })
    }
    // A page of principals with long policies is long work.
    await yieldToEventLoop()
  }
  const outsiders = isFirst ? strangers(deps, { found: anybody, now }, input) : []
  return { kind: 'answered', account: owner, action, resource, principals, outsiders, next }
}

/** Whose access is asked about. */
export type Asked = Omit<KnownCaller, 'kind'> & { readonly kind: KnownKind }

function ownerOf(resource: string): AccountId | undefined {
  return resource.startsWith('arn:aws:iam::aws:') ? undefined : parseArn(resource)?.account
}

function answerOf(
  deps: Deps,
  about: { readonly caller: Asked; readonly found: Gathered; readonly now: Date },
  input: WhoCanInput,
): Answer {
  const { caller, found } = about
  const { question, policies, context } = sideOf(deps, about, input)
  const { name, requester } = caller
  const answer = accessFor({ name, requester, policies, context }, question)
  return shown(answer, found.principal.groups)
}

/** The policies of one who asks, and what stays the same in its requests. */
export function sideOf(
  deps: AnswerDeps,
  about: { readonly caller: Asked; readonly found: Gathered; readonly now: Date },
  { action, resource, keys }: Pick<WhoCanInput, 'action' | 'resource' | 'keys'>,
): {
  readonly question: AccessQuestion
  readonly policies: PolicySet
  readonly context: ReturnType<typeof knownContext>
} {
  const { caller, found, now } = about
  const of = resourceOf(found)
  const values = requestContext({
    caller,
    now,
    installation: deps,
    principal: found.principal,
    resource: of,
    keys,
  })
  const given = new Set(Object.keys(keys).map((key) => key.toLowerCase()))
  return {
    question: { action, resource, resourceAccount: of.account },
    policies: policySet({ requester: caller.requester, action }, found, of),
    context: knownContext(values, caller.kind, given),
  }
}

function resourceOf({ resources: [only] }: Pick<Gathered, 'resources'>): ResourcePolicies {
  if (only === undefined) throw new Error('nothing was gathered for the resource')
  return only
}

function strangers(
  deps: Deps,
  about: { readonly found: readonly [Asked, Gathered]; readonly now: Date },
  input: WhoCanInput,
): readonly StrangerAccess[] {
  const [caller, found] = about.found
  const { action } = input
  const { question, policies, context } = sideOf(deps, { caller, found, now: about.now }, input)
  const all = outsidersWhoCan({ resource: policies.resource, rcp: policies.rcp, context }, question)
  const isPublic =
    deps.isAnonymousPullOn && !isForNamedOnly({ requester: caller.requester, action })
  return all
    .filter(({ kind, grantedBy }) => kind !== 'public' || (isPublic && opensToEverybody(grantedBy)))
    .map((one) => {
      const { kind, needsOwnPolicies } = one
      return { ...shown(one, new Map()), kind, needsOwnPolicies }
    })
}

/** Sessions of this account's roles that the resource's policies name one by one. */
async function namedSessions(
  { reader }: Deps,
  { owner: account, now }: { readonly owner: AccountId; readonly now: Date },
  resources: Gathered['resources'],
): Promise<readonly Asked[]> {
  const { repository, registry } = resourceOf({ resources })
  const members = [repository, registry]
    .flatMap((policy) => policy?.document.statements ?? [])
    .flatMap(({ principal }) => principal?.members ?? [])
  const arns = new Set(
    members.flatMap((form) =>
      form.kind === 'session' && form.account === account ? [form.arn] : [],
    ),
  )
  const sessions: Asked[] = []
  for (const name of arns) {
    const caller = await imagineCaller(reader, name, { account, now })
    if (caller !== undefined) sessions.push({ ...caller, name, kind: 'session' })
  }
  return sessions
}

function shown(
  { name, access, grantedBy, deniedBy }: CandidateAccess,
  groups: ReadonlyMap<string, readonly string[]>,
): Answer {
  return {
    name,
    access: access.kind,
    when: access.kind === 'conditional' ? access.text : undefined,
    grantedBy: granting(grantedBy, groups),
    deniedBy: distinct(deniedBy),
  }
}

export function granting(
  grantedBy: readonly DecidingStatement[],
  groups: ReadonlyMap<string, readonly string[]>,
): readonly GrantingStatement[] {
  return distinct(
    grantedBy.map((by) => ({
      ...by,
      groups: by.type === 'identity' ? (groups.get(by.policy) ?? []) : [],
    })),
  )
}

/** A policy that comes through two groups is there twice. */
function distinct<T extends DecidingStatement>(statements: readonly T[]): readonly T[] {
  const byPlace = new Map(
    statements.map((one) => [`${one.type} ${one.policy} ${one.index}`, one] as const),
  )
  return [...byPlace.values()]
}
