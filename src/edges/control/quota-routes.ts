import { parseAccountId, type AccountId } from '../../policy/account-id.ts'
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
    // What a whole account may hold is not that account's to say.
    isOfAccount: (query) => query.has('repository') && !query.has('account'),
    run: putQuota,
  },
]

/**
 * `max-bytes` and `max-images`: a whole number or `none`; what is absent stays as it is. Of `repository`, else of the whole
 * account; of another account if `account` names it.
 */
async function putQuota(rooms: QuotaRooms, call: ControlCall): Promise<ControlReply> {
  const { query } = call
  const account = accountIn(call)
  if (account === undefined) return refused('account must be 12 digits')
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
  if (value !== undefined) return { kind: 'json', value }
  return {
    kind: 'refused',
    status: 404,
    code: 'ACCOUNT_UNKNOWN',
    message: `there is no account ${account}`,
  }
}

function accountIn({ account, query }: ControlCall): AccountId | undefined {
  const named = query.get('account')
  return named === null ? account : parseAccountId(named)
}

function limitOf(text: string | null): Limit | undefined {
  if (text === null) return undefined
  return text === 'none' ? text : Number(text)
}
