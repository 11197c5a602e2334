// What an account's registry is told to fetch, copy and sign.
import type { AccountId } from '../../policy/account-id.ts'
import { listPullThroughRules } from '../../replication/pull-through-rule-store.ts'
import { findReplicationRules } from '../../replication/replication-configuration-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { findSigningRules } from '../../trust/signing-configuration-store.ts'
import type { PostureEvidence, PullThroughEvidence } from '../rules/evidence.ts'

type RegistryEvidence = Pick<PostureEvidence, 'pullThrough' | 'replication' | 'signing'>

/** More than an account may have. */
const mostRules = 1000

export async function readRegistry(
  reader: SqlReader,
  account: AccountId,
): Promise<RegistryEvidence> {
  const pullThrough = await listPullThroughRules(reader, account, { after: '', limit: mostRules })
  const replication = await findReplicationRules(reader, account)
  const signing = (await findSigningRules(reader, account)) ?? []
  return {
    pullThrough: {
      kind: 'told',
      value: pullThrough.map(
        ({ writtenPrefix: prefix, upstreamUrl: upstream, credentialArn }): PullThroughEvidence => ({
          prefix,
          upstream,
          credentials: credentialArn === undefined ? undefined : untried,
        }),
      ),
    },
    replication: {
      kind: 'told',
      value: replication.flatMap(({ destinations }) =>
        destinations.map(({ registry, region }) => ({ account: registry, region })),
      ),
    },
    signing: {
      kind: 'told',
      // A rule without filters is about every repository.
      value: signing.flatMap(({ filters }) => filters ?? ['*']),
    },
  }
}

const untried = {
  kind: 'unknown',
  why: 'this version does not carry pull through cache rules out, so nothing was tried',
} as const
