// Purpose:  which of the things that a signature stands on are revoked.
// Spec:     AWS Signer API, GetRevocationStatus.
// Input:    ARNs and hashes of certificates as a verifier read them out of a signature; hostile.
// Deviates: certificates are not revoked one by one: a version of a profile has one, and is revoked in its place.
// Unknowns: an ARN of another installation, region or partition → SIGNING_INPUT_INVALID, never "not revoked". What this installation's
//           own authority certified and no row knows was signed after the backup that was restored: not revoked, and told.
import { createHash } from 'node:crypto'
import { parseCertificate } from '../signatures/x509/certificate.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import { findJob } from './job-store.ts'
import { findVersion } from './profile-store.ts'
import { parseSignerArn, platformId } from './rules/profile.ts'
import { listRoots } from './signing-key-store.ts'

export interface RevocationDeps {
  readonly reader: SqlReader
  readonly region: string
  /** Told of an ARN that is ours by its certificates, and of which nothing is known. */
  readonly onUnknown: (arn: string) => void
}

export interface RevocationAsked {
  readonly platformId: string
  readonly profileVersionArn: string
  readonly jobArn: string
  /** Of each certificate of the chain: hash of what was signed, and of its issuer's, in hex. */
  readonly certificateHashes: readonly string[]
  readonly signedAt: Date
}

/** The entities that are revoked, as they were given. */
export async function revokedEntities(
  { reader, region, onUnknown }: RevocationDeps,
  asked: RevocationAsked,
): Promise<readonly string[]> {
  const { version, job } = entitiesIn(region, asked)
  const stored = await findVersion(reader, version)
  const made = await findJob(reader, job.account, job.id)
  const unknown = (['profileVersionArn', 'jobArn'] as const).filter(
    (member) => (member === 'jobArn' ? made : stored) === undefined,
  )
  // What another installation signed under the same names is nothing that this one could vouch for.
  const [first] = unknown
  if (first !== undefined && !(await isOfOwnAuthority(reader, asked.certificateHashes)))
    throw foreign(first, asked[first])
  for (const member of unknown) onUnknown(asked[member])
  const from = stored?.revocation?.from
  const isVersionRevoked = from !== undefined && asked.signedAt.getTime() >= from.getTime()
  return [
    ...(isVersionRevoked ? [asked.profileVersionArn] : []),
    ...(made?.revocation === undefined ? [] : [asked.jobArn]),
  ]
}

function entitiesIn(region: string, asked: RevocationAsked) {
  if (asked.platformId !== platformId)
    throw signingError('SIGNING_INPUT_INVALID', `the platform must be ${platformId}`)
  const version = parseSignerArn(region, asked.profileVersionArn)
  if (version?.kind !== 'version') throw foreign('profileVersionArn', asked.profileVersionArn)
  const job = parseSignerArn(region, asked.jobArn)
  if (job?.kind !== 'job') throw foreign('jobArn', asked.jobArn)
  return { version, job }
}

/** Accounts have the same number in many installations; a root is of one alone, and is its own issuer. */
async function isOfOwnAuthority(
  reader: SqlReader,
  certificateHashes: readonly string[],
): Promise<boolean> {
  const root = certificateHashes.at(-1)?.toLowerCase()
  return (await listRoots(reader)).some(({ chain: [der] }) => {
    const parsed = der === undefined ? undefined : parseCertificate(der)
    if (parsed?.kind !== 'certificate') return false
    const hash = createHash('sha384').update(parsed.certificate.toBeSigned).digest('hex')
    return root === `${hash}${hash}`
  })
}

function foreign(member: string, arn: string): Error {
  const message = `${member} ${JSON.stringify(arn.slice(0, 200))} is not of this installation: ask the one that signed`
  return signingError('SIGNING_INPUT_INVALID', message)
}
