import { formatArn, parseArn } from '../../../policy/arn.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import type { FindingFilter } from '../../../scanning/finding-filter-store.ts'
import { epochSeconds } from './call.ts'
import { notFound } from './errors.ts'

export function filterArn(region: string, account: AccountId, id: string): string {
  const resource = `owner/${account}/filter/${id}`
  return formatArn({ service: 'inspector2', region, account, resource })
}

/** The id in the ARN of a filter of this account and region. */
export function filterIdOf(region: string, account: AccountId, arn: string): string {
  const parts = parseArn(arn)
  const [, owner, id] =
    /^owner\/([0-9]{12})\/filter\/([0-9a-f]{16})$/.exec(parts?.resource ?? '') ?? []
  const isOwn =
    parts?.service === 'inspector2' &&
    parts.region === region &&
    parts.account === account &&
    owner === account
  if (isOwn && id !== undefined) return id
  throw notFound(`the account ${account} has no filter ${arn.slice(0, 200)}`)
}

export function renderFilter(
  region: string,
  filter: FindingFilter,
): Readonly<Record<string, unknown>> {
  const { account, id, name, action, criteria, description, reason, tags } = filter
  return {
    arn: filterArn(region, account, id),
    ownerId: account,
    name,
    criteria,
    action,
    createdAt: epochSeconds(filter.madeAt),
    updatedAt: epochSeconds(filter.changedAt),
    ...(description === undefined ? {} : { description }),
    ...(reason === undefined ? {} : { reason }),
    tags,
  }
}
