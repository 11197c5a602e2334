// What is known of the signatures of a digest under a policy: what a decision reads.
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import { referrersChangedJob } from '../registry/events.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { hasCandidates } from './candidate-store.ts'
import { findEvidence, listIndexEvidence, type FoundEvidence } from './evidence-store.ts'
import { coveringPolicies, type TrustPlace } from './load-policies.ts'
import { isBeingSigned } from './image-signing-store.ts'
import { evidenceInForce, type EvidenceInForce } from './rules/evidence-in-force.ts'

export interface AskedEvidence {
  readonly account: AccountId
  readonly repository: RepositoryName
  readonly digest: Digest
  /** Name of the trust policy. */
  readonly policy: string
}

export interface ReadEvidence extends EvidenceInForce {
  readonly policy: string
  /** The index whose signature covers the digest, where it has none that suffices itself. */
  readonly via: string | undefined
}

/** More indexes that list one manifest are not looked at. */
const maxIndexes = 20

/** One statement where there is evidence; `now` in milliseconds. Only `verified` ever passes a requirement. */
export async function readEvidence(
  { reader, place }: { readonly reader: SqlReader; readonly place: TrustPlace },
  asked: AskedEvidence,
  now: number,
): Promise<ReadEvidence> {
  const found = await findEvidence(reader, asked, { now, jobKind: referrersChangedJob })
  const own = await ownEvidence({ reader, place }, asked, { found, now })
  const { policy } = asked
  if (own.result === 'verified' || found?.policy === undefined)
    return { ...own, policy, via: undefined }
  const key = { repositoryId: found.repositoryId, digest: asked.digest }
  const indexes = found.policy.inheritFromIndex
    ? await listIndexEvidence(reader, key, { policy, now, limit: maxIndexes })
    : []
  for (const stored of indexes) {
    const inForce = evidenceInForce(stored, found.policy, { now, isPending: false })
    if (inForce.result === 'verified') return { ...inForce, policy, via: stored.digest }
  }
  const isComing = own.result === 'none' && (await isBeingSigned(reader, key))
  const pending = isComing ? nothingKnown('unknown', 'pending') : own
  return { ...pending, policy, via: undefined }
}

async function ownEvidence(
  { reader, place }: { readonly reader: SqlReader; readonly place: TrustPlace },
  { account, repository, digest, policy }: AskedEvidence,
  { found, now }: { readonly found: FoundEvidence | undefined; readonly now: number },
): Promise<EvidenceInForce> {
  if (found?.policy === undefined) return nothingKnown('untrusted', 'no-trust-policy')
  const { evidence, isPending, repositoryId } = found
  if (evidence !== undefined) return evidenceInForce(evidence, found.policy, { now, isPending })
  const covering = await coveringPolicies(reader, place, { account, name: repository })
  if (!covering.some(({ row }) => row.name === policy))
    return nothingKnown('untrusted', 'no-trust-policy')
  if (await hasCandidates(reader, { repositoryId, digest }))
    return nothingKnown('unknown', isPending ? 'pending' : 'recomputing')
  return nothingKnown('none', 'unsigned')
}

function nothingKnown(
  result: EvidenceInForce['result'],
  reason: EvidenceInForce['reason'],
): EvidenceInForce {
  return {
    result,
    reason,
    identities: [],
    countByResult: {},
    validUntil: undefined,
    computedAt: undefined,
    isRecomputing: false,
  }
}
