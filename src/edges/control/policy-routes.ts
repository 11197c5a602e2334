import type { Explained } from '../../access/explain-access.ts'
import type { WhatCan, WhatCanInput } from '../../access/what-can-access.ts'
import type { WhoCanAnswer, WhoCanInput } from '../../access/who-can-access.ts'
import type { RequestKeys } from '../../access/request-context.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface PolicyRooms {
  readonly explainAccess: (input: {
    readonly account: AccountId
    readonly principal: string
    readonly action: string
    readonly resource: string
    readonly keys: RequestKeys
  }) => Promise<Explained>
  readonly whoCanAccess: (
    input: WhoCanInput,
  ) => Promise<WhoCanAnswer | { readonly kind: 'foreign-resource' }>
  readonly whatCanAccess: (input: WhatCanInput) => Promise<WhatCan>
}

/** Principals in one answer. */
const mostPrincipals = 200
/** Repositories in one answer. */
const mostRepositories = 50

export const policyRoutes: readonly ControlRoute<PolicyRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/policy/explain',
    action: 'pratique:ExplainDecision',
    isOfAccount: true,
    // Whose resource it is says who may see what its policies come to.
    resources: (query) => [resourceIn(query) ?? '*'],
    run: explain,
  },
  {
    method: 'GET',
    path: '/pratique/v1/policy/who-can',
    action: 'pratique:ExplainDecision',
    isOfAccount: true,
    resources: (query) => [resourceIn(query) ?? '*'],
    run: whoCan,
  },
  {
    method: 'GET',
    path: '/pratique/v1/policy/what-can',
    action: 'pratique:ExplainDecision',
    isOfAccount: true,
    resources: (query) => [resourceIn(query) ?? '*'],
    run: whatCan,
  },
]

/** `principal`, `action`, `resource`, and `context=KEY=VALUE` as often as there are keys and values. */
async function explain(rooms: PolicyRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query } = call
  const principal = query.get('principal') ?? ''
  const question = questionIn(query)
  if (typeof question === 'string') return refused(question)
  const explained = await rooms.explainAccess({ account, principal, ...question })
  if (explained.kind === 'explained') return { kind: 'json', value: explained }
  return refused(principalUnknown(principal))
}

/**
 * `action`, `resource` and `context` as above, `all=true` for those who never may as well; `limit` principals (as many as there
 * may be in one answer, where it is not said) from `after` on, the `next` of the answer before.
 */
async function whoCan(rooms: PolicyRooms, { account, query }: ControlCall): Promise<ControlReply> {
  const question = questionIn(query)
  if (typeof question === 'string') return refused(question)
  const all = query.get('all') ?? 'false'
  if (all !== 'true' && all !== 'false') return refused('all must be true or false')
  const after = query.get('after') ?? ''
  if (!/^(?:|root|(?:user|role)\/[\w+=,.@-]{1,128})$/.test(after)) {
    return refused('after must be the next of another answer')
  }
  const limit = Number(query.get('limit') ?? mostPrincipals)
  if (!Number.isInteger(limit) || limit < 1 || limit > mostPrincipals) {
    return refused(`limit must be a number from 1 to ${mostPrincipals}`)
  }
  const isAll = all === 'true'
  const answer = await rooms.whoCanAccess({ account, ...question, isAll, after, limit })
  if (answer.kind === 'answered') return { kind: 'json', value: answer }
  const message =
    'who may use a resource of another account is for that account to ask; policy explain tells what a principal of yours may do there'
  return { kind: 'refused', status: 403, code: 'DENIED', message }
}

/**
 * `principal` as for `explain`; `resource` for that one alone, else `*` and the repositories of the principal's account, `limit` of them
 * from `after` on, the `next` of the answer before; `action` for that one alone; `context` as above.
 */
async function whatCan(rooms: PolicyRooms, { account, query }: ControlCall): Promise<ControlReply> {
  const principal = query.get('principal') ?? ''
  const action = query.get('action') ?? undefined
  const scope = query.has('action') ? questionIn(query) : scopeIn(query)
  if (typeof scope === 'string') return refused(scope)
  const page = repositoryPageIn(query)
  if (typeof page === 'string') return refused(page)
  const resource = query.has('resource') ? scope.resource : undefined
  const { keys } = scope
  const asked = { account, principal, resource, action, keys, ...page }
  const answer = await rooms.whatCanAccess(asked)
  switch (answer.kind) {
    case 'answered':
      return { kind: 'json', value: answer }
    case 'unknown-principal':
      return refused(principalUnknown(principal))
    case 'no-action':
      return refused('the action is not asked on such a resource')
    case 'foreign-resource': {
      const message =
        'what a principal may do in another account is for policy explain to tell, one action at a time'
      return { kind: 'refused', status: 403, code: 'DENIED', message }
    }
  }
}

function repositoryPageIn(query: URLSearchParams): Pick<WhatCanInput, 'after' | 'limit'> | string {
  const after = query.get('after') ?? ''
  if (after !== '' && parseRepositoryName(after) === undefined) {
    return 'after must be the next of another answer'
  }
  const limit = Number(query.get('limit') ?? mostRepositories)
  return Number.isInteger(limit) && limit >= 1 && limit <= mostRepositories
    ? { after, limit }
    : `limit must be a number from 1 to ${mostRepositories}`
}

function principalUnknown(principal: string): string {
  return `there is no principal ${JSON.stringify(principal.slice(0, 200))}: give the ARN of a user, role, session or root, or anonymous`
}

interface PolicyScope {
  readonly resource: string
  readonly keys: RequestKeys
}

interface PolicyQuestion extends PolicyScope {
  readonly action: string
}

/** What the routes ask in common, or what is wrong with it. */
function questionIn(query: URLSearchParams): PolicyQuestion | string {
  const action = query.get('action') ?? ''
  if (!/^[A-Za-z0-9-]{1,64}:[A-Za-z0-9]{1,128}$/.test(action)) {
    return 'action must be a service and an operation: ecr:PutImage'
  }
  const scope = scopeIn(query)
  return typeof scope === 'string' ? scope : { ...scope, action }
}

function scopeIn(query: URLSearchParams): PolicyScope | string {
  const resource = resourceIn(query)
  if (resource === undefined) return 'resource must be an ARN or *'
  const keys = keysIn(query.getAll('context'))
  if (keys === undefined) return 'context must be KEY=VALUE: aws:SourceIp=192.0.2.1'
  return { resource, keys }
}

function resourceIn(query: URLSearchParams): string | undefined {
  const resource = query.get('resource') ?? '*'
  return resource === '*' || /^arn:.{1,2000}$/.test(resource) ? resource : undefined
}

/** A key that is given more than once has several values. */
function keysIn(given: readonly string[]): RequestKeys | undefined {
  const keys = new Map<string, readonly string[]>()
  for (const text of given) {
    const [, key, value] = /^([^=]{1,256})=([\s\S]{0,1024})$/.exec(text) ?? []
    if (key === undefined || value === undefined) return undefined
    keys.set(key, [...(keys.get(key) ?? []), value])
  }
  const entries = [...keys].map(([key, values]) => {
    const [only, ...more] = values
    return [key, only !== undefined && more.length === 0 ? only : values] as const
  })
  return Object.fromEntries(entries)
}
