import type { AccountId } from '../../policy/account-id.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

type Limit = number | 'none'

export interface QuotaRooms {
  /** The account first, then its repositories. */
  readonly describeUsage: (input: { readonly account: AccountId }) => AsyncIterable<unknown>
  readonly putQuota: (input: {
    readonly account: AccountId
    readonly repository: RepositoryName | undefined
    readonly change: {
      readonly maxBytes: Limit | undefined
      readonly maxImages: Limit | undefined
    }
  }) => Promise<unknown>
}

export const quotaRoutes: readonly ControlRoute<QuotaRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/quotas',
    action: 'pratique:DescribeQuotas',
    isOfAccount: true,
    run: async (rooms, { account }) =>
      Promise.resolve({ kind: 'lines', values: rooms.describeUsage({ account }) }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/quotas',
    action: 'pratique:PutQuota',
    isOfAccount: true,
    run: putQuota,
  },
]

/** `max-bytes` and `max-images`: a whole number or `none`; what is absent stays as it is. */
async function putQuota(rooms: QuotaRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query } = call
  const named = query.get('repository')
  const repository = named === null ? undefined : parseRepositoryName(named)
  if (named !== null && repository === undefined) {
    return refused(`repository ${JSON.stringify(named.slice(0, 300))} is not a repository name`)
  }
  const texts = [query.get('max-bytes'), query.get('max-images')]
  if (texts.some((text) => text !== null && !/^(?:none|[0-9]{1,15})$/.test(text))) {
    return refused('max-bytes and max-images must be whole numbers or none')
  }
  const [maxBytes, maxImages] = texts.map(limitOf)
  const value = await rooms.putQuota({ account, repository, change: { maxBytes, maxImages } })
  return { kind: 'json', value }
}

function limitOf(text: string | null): Limit | undefined {
  if (text === null) return undefined
  return text === 'none' ? text : Number(text)
}
