// Purpose:  which profiles are to sign an image, and what became of it.
// Spec:     Amazon ECR API, DescribeImageSigningStatus.
// Input:    an image that is there.
// Deviates: images are not signed by this version: each profile that is to sign the image answers FAILED with the code SigningNotSupported, whenever the image was pushed; the rules are those of now.
// Unknowns: no rule about the image → no status. A status is never COMPLETE without a signature.
import type { ManifestSummary } from '../registry/manifest-store.ts'
import type { RepositoryAddress } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { profilesFor } from './rules/signing-configuration.ts'
import { findSigningRules } from './signing-configuration-store.ts'

export interface SigningStatus {
  readonly profileArn: string
  readonly state: 'FAILED'
  readonly failureCode: string
  readonly failureReason: string
}

/** One for each profile. What points to another manifest is not signed: a signature would be signed for ever. */
export async function listSigningStatuses(
  reader: SqlReader,
  { account, name }: RepositoryAddress,
  image: Pick<ManifestSummary, 'subject'>,
): Promise<readonly SigningStatus[]> {
  if (image.subject !== undefined) return []
  const rules = (await findSigningRules(reader, account)) ?? []
  return profilesFor(rules, name).map((profileArn) => ({
    profileArn,
    state: 'FAILED',
    failureCode: 'SigningNotSupported',
    failureReason:
      'This version keeps signing configurations and does not carry them out: the image was not signed by this profile.',
  }))
}
