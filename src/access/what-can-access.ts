import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { actionsOn, findAction, type ResourceType } from '../policy/actions.ts'
import { parseArn, repositoryArn } from '../policy/arn.ts'
import { permissionFor, type Limit, type Permission } from '../policy/what-can.ts'
import type { Caller } from './caller.ts'
import { opensToEverybody } from './counted-decision.ts'
import type { AnswerDeps } from './explain-access.ts'
import { imagineCaller } from './named-caller.ts'
import type { Gathered } from './policy-snapshot.ts'
import type { RequestKeys } from './request-context.ts'
import { isForNamedOnly } from './rules/exceptions.ts'
import type { KnownKind } from './rules/known-context.ts'
import { granting, sideOf, type Asked, type GrantingStatement } from './who-can-access.ts'

export interface GrantedAction {
  readonly action: string
  /** `*` for an action that has no resource. */
  readonly resource: string
  /** `never`: a statement grants it, and limits take all of it. */
  readonly access: 'always' | 'conditional' | 'never'
  /** Of conditional access: when. */
  readonly when: string | undefined
  readonly grantedBy: readonly GrantingStatement[]
  readonly limitedBy: readonly Limit[]
}

export interface WhatCanAnswer {
  readonly kind: 'answered'
  /** As messages name it. */
  readonly principal: string
  readonly permissions: readonly GrantedAction[]
  /** There are repositories that have not been looked at: ask again from here. Undefined: the answer is whole. */
  readonly next: string | undefined
}

export interface WhatCanInput {
  /** Whose question it is. */
  readonly account: AccountId
  readonly principal: string
  /** An ARN or `*`; undefined for `*` and every repository of the principal's account. */
  readonly resource: string | undefined
  /** Undefined for all that are known. */
  readonly action: string | undefined
  /** What is known of the requests; every other key that can differ stays in the condition. */
  readonly keys: RequestKeys
  /** The name of a repository. */
  readonly after: string
  /** Repositories. */
  readonly limit: number
}

export type WhatCan =
  WhatCanAnswer | { readonly kind: 'unknown-principal' | 'foreign-resource' | 'no-action' }

interface Deps extends AnswerDeps {
  readonly isAnonymousPullOn: boolean
}

/**
 * What a principal may do: every known action on each resource that it is asked on, with what grants it and what takes away from it.
 * What nothing grants is left out. Principals and resources are the asker's own, or anybody's where that runs the installation.
 */
export async function whatCanAccess(deps: Deps, input: WhatCanInput): Promise<WhatCan> {
  const now = deps.clock.now()
  const { account, principal, resource } = input
  const mayAsk = (of: AccountId | undefined): boolean =>
    of === undefined || of === account || account === deps.managingAccount
  const caller = await imagineCaller(deps.reader, principal, { account, now })
  if (caller === undefined || !mayAsk(ownerOf(caller))) return { kind: 'unknown-principal' }
  if (resource !== undefined && !mayAsk(parseArn(resource)?.account)) {
    return { kind: 'foreign-resource' }
  }
  const page = await resourcesFor(deps, input, caller)
  const asked: Asked = { ...caller, name: caller.principalArn, kind: kindOf(caller, principal) }
  const questions = page.groups.flatMap(({ type, resources }) =>
    actionsAsked(type, input.action).map((action) => ({ action, resources })),
  )
  if (questions.length === 0 && input.after === '') return { kind: 'no-action' }
  const permissions: GrantedAction[] = []
  for (const { action, resources } of questions) {
    if (resources.length === 0) continue
    const gathered = await deps.snapshots.gather(caller, action, resources)
    for (const [index, one] of resources.entries()) {
      const found = { ...gathered, resources: gathered.resources.slice(index, index + 1) }
      const about = { caller: asked, found, now }
      permissions.push(...granted(deps, about, { ...input, action, resource: one }))
    }
    // Many repositories with long policies are long work.
    await yieldToEventLoop()
  }
  return { kind: 'answered', principal: caller.principalArn, permissions, next: page.next }
}

/** Nobody's for who shows nothing. */
function ownerOf({ requester }: Caller): AccountId | undefined {
  return 'account' in requester ? requester.account : undefined
}

/** A role stands for its sessions; one that is named is that one. */
function kindOf({ requester }: Caller, principal: string): KnownKind {
  switch (requester.kind) {
    case 'root':
    case 'user':
      return requester.kind
    case 'assumed-role':
      return principal === requester.roleArn ? 'role' : 'session'
    case 'federated-user':
    case 'service':
    case 'web-identity':
    case 'anonymous':
      return 'nobody'
  }
}

interface AskedResources {
  readonly type: ResourceType
  readonly resources: readonly string[]
}

async function resourcesFor(
  { snapshots, region }: Deps,
  { resource, after, limit }: WhatCanInput,
  { accountId }: Caller,
): Promise<{ readonly groups: readonly AskedResources[]; readonly next: string | undefined }> {
  if (resource !== undefined) {
    return { groups: [{ type: typeOf(resource), resources: [resource] }], next: undefined }
  }
  // One more tells whether there is more.
  const names = await snapshots.prepare(accountId, { after, limit: limit + 1 })
  const shown = names.slice(0, limit)
  const repositories = shown.map((name) => repositoryArn(region, accountId, name))
  const groups: readonly AskedResources[] = [
    // With the first part only.
    { type: 'none', resources: after === '' ? ['*'] : [] },
    { type: 'repository', resources: repositories },
  ]
  return { groups, next: names.length > limit ? shown.at(-1) : undefined }
}

const types = ['user', 'group', 'role', 'policy', 'oidc-provider'] as const

function typeOf(resource: string): ResourceType {
  const arn = parseArn(resource)
  const [word = ''] = arn?.resource.split('/') ?? []
  if (arn?.service === 'ecr' && word === 'repository') return 'repository'
  return (arn?.service === 'iam' ? types.find((one) => one === word) : undefined) ?? 'none'
}

/** One that is not known is asked as it is written: policies may name it. */
function actionsAsked(type: ResourceType, wanted: string | undefined): readonly string[] {
  const known = actionsOn(type).map(({ name }) => name)
  if (wanted === undefined) return known
  const action = findAction(wanted)
  if (action === undefined) return [wanted]
  return known.filter((name) => name === action.name)
}

function granted(
  deps: Deps,
  about: { readonly caller: Asked; readonly found: Gathered; readonly now: Date },
  asked: { readonly action: string; readonly resource: string; readonly keys: RequestKeys },
): readonly GrantedAction[] {
  const { caller, found } = about
  const { action, resource } = asked
  const { question, policies, context } = sideOf(deps, about, asked)
  const { name, requester } = caller
  const permission = permissionFor({ name, requester, policies, context }, question)
  if (permission.grantedBy.length === 0 || !counts(deps, caller, action, permission)) return []
  const { access, grantedBy, limitedBy } = permission
  return [
    {
      action,
      resource,
      access: access.kind,
      when: access.kind === 'conditional' ? access.text : undefined,
      grantedBy: granting(grantedBy, found.principal.groups),
      limitedBy,
    },
  ]
}

/** Who shows nothing reads, where pulls without credentials are on, what a repository's own policy opens to everybody. */
function counts(
  { isAnonymousPullOn }: Deps,
  { requester }: Asked,
  action: string,
  { grantedBy }: Permission,
): boolean {
  if (requester.kind !== 'anonymous') return true
  return isAnonymousPullOn && !isForNamedOnly({ requester, action }) && opensToEverybody(grantedBy)
}
