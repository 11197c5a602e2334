import type { PullThroughRule } from '../../../replication/pull-through-rule-store.ts'
import type { AccountId } from '../../../policy/account-id.ts'

/** How a rule gets in, as inputs say it. */
export interface AccessShape {
  readonly credentialArn?: string
  readonly customRoleArn?: string
}

/** What every answer about a rule has: its prefixes as they were put, and how it gets in. */
export function renderPullThrough(
  registryId: AccountId,
  { writtenPrefix, upstreamPrefix, credentialArn, customRoleArn }: PullThroughRule,
): Readonly<Record<string, unknown>> {
  return {
    ecrRepositoryPrefix: writtenPrefix,
    registryId,
    upstreamRepositoryPrefix: upstreamPrefix,
    ...(credentialArn === undefined ? {} : { credentialArn }),
    ...(customRoleArn === undefined ? {} : { customRoleArn }),
  }
}
