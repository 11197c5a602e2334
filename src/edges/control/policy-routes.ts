import type { Explained } from '../../access/explain-access.ts'
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
}

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
]

/** `principal`, `action`, `resource`, and `context=KEY=VALUE` as often as there are keys and values. */
async function explain(rooms: PolicyRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query } = call
  const principal = query.get('principal') ?? ''
  const action = query.get('action') ?? ''
  if (!/^[A-Za-z0-9-]{1,64}:[A-Za-z0-9]{1,128}$/.test(action)) {
    return refused('action must be a service and an operation: ecr:PutImage')
  }
  const resource = resourceIn(query)
  if (resource === undefined) return refused('resource must be an ARN or *')
  const keys = keysIn(query.getAll('context'))
  if (keys === undefined) return refused('context must be KEY=VALUE: aws:SourceIp=192.0.2.1')
  const explained = await rooms.explainAccess({ account, principal, action, resource, keys })
  if (explained.kind === 'explained') return { kind: 'json', value: explained }
  return refused(
    `there is no principal ${JSON.stringify(principal.slice(0, 200))}: give the ARN of a user, role, session or root, or anonymous`,
  )
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
