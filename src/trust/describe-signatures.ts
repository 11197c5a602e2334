// What lies beside an image and what it is worth: for people, and for whoever asks later what was known.
import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listReferrers } from '../registry/list-referrers.ts'
import type { Referrer } from '../registry/manifest-store.ts'
import { getRepository } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { trustError } from './errors.ts'
import { findHistoryAt, type HistoryEntry } from './evidence-store.ts'
import { coveringPolicies, type TrustPlace } from './load-policies.ts'
import { readAttestations, type AttestationAnswer } from './read-attestations.ts'
import { readEvidence, type ReadEvidence } from './read-evidence.ts'
import { listSignatures, type ListedSignature } from './signature-store.ts'

interface Deps {
  readonly database: SqlReader
  readonly clock: Clock
  readonly place: TrustPlace
}

interface AskedImage {
  readonly account: AccountId
  readonly repository: RepositoryName
  readonly digest: Digest
}

const maxSignatures = 200
const maxReferrers = 200

export interface DescribedEvidence extends ReadEvidence {
  readonly attestations: readonly AttestationAnswer[]
}

/** Under one policy, or under each that is about the repository. */
export async function describeEvidence(
  { database, clock, place }: Deps,
  image: AskedImage,
  policy: string | undefined,
): Promise<readonly DescribedEvidence[]> {
  await getRepository(database, { account: image.account, name: image.repository })
  const now = clock.now().getTime()
  const names = policy === undefined ? await namesOf({ database, place }, image) : [policy]
  const described: DescribedEvidence[] = []
  for (const name of names) {
    const asked = { ...image, policy: name }
    const evidence = await readEvidence({ reader: database, place }, asked, now)
    described.push({ ...evidence, attestations: await readAttestations(database, asked, now) })
  }
  return described
}

async function namesOf(
  { database, place }: Pick<Deps, 'database' | 'place'>,
  { account, repository: name }: AskedImage,
): Promise<readonly string[]> {
  const covering = await coveringPolicies(database, place, { account, name })
  return covering.map(({ row }) => row.name)
}

/** What was known at a moment of the past; of an image that is gone, too. Undefined: nothing had been computed. */
export async function recallEvidence(
  { database }: Pick<Deps, 'database'>,
  image: AskedImage,
  { policy, at }: { readonly policy: string | undefined; readonly at: Date },
): Promise<HistoryEntry | undefined> {
  if (policy === undefined) {
    const message =
      'the name of the trust policy is needed: which one was about the image then is not known'
    throw trustError('TRUST_POLICY_UNKNOWN', message)
  }
  return findHistoryAt(database, { ...image, policy }, at)
}

export interface SignatureTree {
  readonly digest: string
  readonly evidence: readonly DescribedEvidence[]
  readonly signatures: readonly ListedSignature[]
  /** Everything that refers to the image, signatures among it. */
  readonly referrers: readonly Pick<Referrer, 'digest' | 'artifactType' | 'size' | 'pushedAt'>[]
}

export async function describeSignatures(deps: Deps, image: AskedImage): Promise<SignatureTree> {
  const { database } = deps
  const address = { account: image.account, name: image.repository }
  const { id: repositoryId } = await getRepository(database, address)
  const page = { artifactType: undefined, before: undefined, limit: maxReferrers }
  const { referrers } = await listReferrers(database, {
    repository: address,
    subject: image.digest,
    ...page,
  })
  const key = { repositoryId, digest: image.digest }
  return {
    digest: image.digest,
    evidence: await describeEvidence(deps, image, undefined),
    signatures: await listSignatures(database, key, maxSignatures),
    referrers: referrers.map(({ digest, artifactType, size, pushedAt }) => ({
      digest,
      artifactType,
      size,
      pushedAt,
    })),
  }
}
