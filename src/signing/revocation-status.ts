// Purpose:  which of the things that a signature stands on are revoked.
// Spec:     AWS Signer API, GetRevocationStatus.
// Input:    ARNs and hashes of certificates as a verifier read them out of a signature; hostile.
// Deviates: certificates are not revoked one by one: a version of a profile has one, and is revoked in its place.
// Unknowns: an ARN of another installation, region or partition → SIGNING_INPUT_INVALID, never "not revoked".
import type { SqlReader } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import { findJob } from './job-store.ts'
import { findVersion } from './profile-store.ts'
import { parseSignerArn, platformId } from './rules/profile.ts'

/** The entities that are revoked, as they were given. */
export async function revokedEntities(
  { reader, region }: { readonly reader: SqlReader; readonly region: string },
  asked: {
    readonly platformId: string
    readonly profileVersionArn: string
    readonly jobArn: string
    readonly signedAt: Date
  },
): Promise<readonly string[]> {
  if (asked.platformId !== platformId)
    throw signingError('SIGNING_INPUT_INVALID', `the platform must be ${platformId}`)
  const version = parseSignerArn(region, asked.profileVersionArn)
  if (version?.kind !== 'version') throw foreign('profileVersionArn', asked.profileVersionArn)
  const job = parseSignerArn(region, asked.jobArn)
  if (job?.kind !== 'job') throw foreign('jobArn', asked.jobArn)
  const revoked: string[] = []
  const stored = await findVersion(reader, version)
  // What another installation signed under the same names is nothing that this one could vouch for.
  if (stored === undefined) throw foreign('profileVersionArn', asked.profileVersionArn)
  const { revocation } = stored
  if (revocation !== undefined && asked.signedAt.getTime() >= revocation.from.getTime())
    revoked.push(asked.profileVersionArn)
  const made = await findJob(reader, job.account, job.id)
  if (made === undefined) throw foreign('jobArn', asked.jobArn)
  if (made.revocation !== undefined) revoked.push(asked.jobArn)
  return revoked
}

function foreign(member: string, arn: string): Error {
  const message = `${member} ${JSON.stringify(arn.slice(0, 200))} is not of this installation: ask the one that signed`
  return signingError('SIGNING_INPUT_INVALID', message)
}
