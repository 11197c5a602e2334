import type { Explained } from '../../access/explain-access.ts'
import type { WhoCanAnswer, WhoCanInput } from '../../access/who-can-access.ts'
import type { RequestKeys } from '../../access/request-context.ts'
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
}

/** Principals in one answer. */
const mostPrincipals = 200

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
]

/** `principal`, `action`, `resource`, and `context=KEY=VALUE` as often as there are keys and values. */
async function explain(rooms: PolicyRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query } = call
  const principal = query.get('principal') ?? ''
  const question = questionIn(query)
  if (typeof question === 'string') return refused(question)
  const explained = await rooms.explainAccess({ account, principal, ...question })
  if (explained.kind === 'explained') return { kind: 'json', value: explained }
  return refused(
    `there is no principal ${JSON.stringify(principal.slice(0, 200))}: give the ARN of a user, role, session or root, or anonymous`,
  )
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

interface PolicyQuestion {
  readonly action: string
  readonly resource: string
  readonly keys: RequestKeys
}

/** What the routes ask in common, or what is wrong with it. */
function questionIn(query: URLSearchParams): PolicyQuestion | string {
  const action = query.get('action') ?? ''
  if (!/^[A-Za-z0-9-]{1,64}:[A-Za-z0-9]{1,128}$/.test(action)) {
    return 'action must be a service and an operation: ecr:PutImage'
  }
  const resource = resourceIn(query)
  if (resource === undefined) return 'resource must be an ARN or *'
  const keys = keysIn(query.getAll('context'))
  if (keys === undefined) return 'context must be KEY=VALUE: aws:SourceIp=192.0.2.1'
  return { action, resource, keys }
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
