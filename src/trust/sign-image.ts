// Purpose:  carry out what a push asked for: sign the image by each profile as who pushed it, and push the signatures.
// Spec:     Amazon ECR user guide, "Managed signing"; Notary Project signature-specification.md, "Storage".
// Input:    rows that the push left; the caller in them is judged by the policies of now.
// Deviates: failure codes are ours where AWS publishes none.
// Unknowns: whatever cannot be carried out is FAILED with its reason, never COMPLETE; a fault of the machine is tried again.
//
// A kill at any point leaves one signature: what was made is a row in the transaction that keeps its job, its manifest is the same
// bytes whenever it is pushed, and it is COMPLETE in the transaction that pushes it.
import type { Authorizer } from '../access/authorize.ts'
import type { Caller } from '../access/caller.ts'
import { readCaller } from '../access/recorded-caller.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { repositoryArn } from '../policy/arn.ts'
import { isRegistryError } from '../registry/errors.ts'
import { findManifestSummary, type ManifestSummary } from '../registry/manifest-store.ts'
import { findRepositoryById, type Repository } from '../registry/repository-store.ts'
import type { UploadDeps } from '../registry/upload-lease.ts'
import { awsSignerAttributes } from '../signatures/notation/aws-signer.ts'
import { makePayload } from '../signatures/notation/payload.ts'
import { signatureArtifactType } from '../signatures/notation/signature-manifest.ts'
import { isSigningError, type SigningErrorCode } from '../signing/errors.ts'
import { insertJob } from '../signing/job-store.ts'
import { tellSignature } from '../signing/made-record.ts'
import { makeSignature, type SigningDeps } from '../signing/make-signature.ts'
import { renewedProfile, requireActive, type Profile } from '../signing/profiles.ts'
import { parseSignerArn } from '../signing/rules/profile.ts'
import {
  listImageSignings,
  writeFailedSigning,
  writeMadeSigning,
  type ImageKey,
  type ImageSigning,
} from './image-signing-store.ts'
import { pushSignature } from './push-signature.ts'

export interface SignImageDeps extends SigningDeps, UploadDeps {
  /** Of blobs that no manifest needs. */
  readonly graceMs: number
  readonly authorize: Authorizer
}

/** All that is open of one image. */
export async function signImage(
  deps: SignImageDeps,
  key: ImageKey,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const repository = await findRepositoryById(deps.database, key.repositoryId)
  if (repository === undefined) return
  for (const signing of await listImageSignings(deps.database, key)) {
    signal.throwIfAborted()
    if (signing.state === 'IN_PROGRESS') await carryOut(deps, repository, signing)
  }
}

async function carryOut(
  deps: SignImageDeps,
  repository: Repository,
  signing: ImageSigning,
): Promise<void> {
  try {
    const image = await findManifestSummary(deps.database, repository.id, signing.digest)
    // The rows went with it.
    if (image === undefined) return
    if (signing.made === undefined) await make(deps, { repository, image, signing })
    const present = await listImageSignings(deps.database, signing)
    const made = present.find(({ profileArn }) => profileArn === signing.profileArn)
    if (made?.made !== undefined) await pushSignature(deps, { repository, image, signing: made })
  } catch (error) {
    const failure = failureOf(error)
    if (failure === undefined) throw error
    await deps.database.transaction((tx) => writeFailedSigning(tx, signing, failure))
  }
}

interface Asked {
  readonly repository: Repository
  readonly image: ManifestSummary
  readonly signing: ImageSigning
}

class Denied extends Error {}

/** Judged, made and kept; nothing of it is in the repository yet. */
async function make(deps: SignImageDeps, { repository, image, signing }: Asked): Promise<void> {
  const caller = readCaller(signing.caller)
  const address = parseSignerArn(deps.region, signing.profileArn)
  if (address?.kind !== 'profile') throw new Absent(`${signing.profileArn} is not of this registry`)
  await requirePushing(deps, caller, repository)
  const profile = await renewedProfile(deps, await requireActive(deps.database, address))
  await requireRight(deps, caller, {
    action: 'signer:SignPayload',
    resource: signing.profileArn,
    keys: { 'signer:ProfileVersion': profile.version },
  })
  const by = { account: caller.accountId, principal: caller.principalArn }
  const signature = await makeSignature(deps, profile, {
    by,
    payloadOf: (arns) => makePayload(image, annotationsOf(profile, arns)),
  })
  await deps.database.transaction(async (tx) => {
    const { job, envelope } = signature
    await requireActive(tx, address)
    const made = { envelope, jobId: job.id, at: job.createdAt, version: job.version }
    if (!(await writeMadeSigning(tx, signing, made))) return
    await insertJob(tx, job)
    await tellSignature(tx, deps.region, signature, repository.name)
  })
}

class Absent extends Error {}

/** A portable signature says who made it where every client shows it; the other kind has attributes for that. */
function annotationsOf(
  { mode }: Profile,
  arns: { readonly job: string; readonly version: string },
): Readonly<Record<string, string>> {
  return mode === 'portable'
    ? { [awsSignerAttributes.job]: arns.job, [awsSignerAttributes.profileVersion]: arns.version }
    : {}
}

const uploadActions = [
  'ecr:PutImage',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:BatchCheckLayerAvailability',
]

/** Of who pushed: to push the signature. */
async function requirePushing(
  deps: SignImageDeps,
  caller: Caller,
  { account, name }: Repository,
): Promise<void> {
  const resource = repositoryArn(deps.region, account, name)
  const keys = {
    'pratique:ArtifactType': signatureArtifactType,
    'pratique:MediaType': mediaTypes.ociManifest,
  }
  for (const action of uploadActions) await requireRight(deps, caller, { action, resource, keys })
}

async function requireRight(
  { authorize }: SignImageDeps,
  caller: Caller,
  asked: {
    readonly action: string
    readonly resource: string
    readonly keys: Readonly<Record<string, string>>
  },
): Promise<void> {
  const { action, resource, keys } = asked
  const judged = await authorize(caller, { action, resources: [resource], keys })
  if (judged.kind === 'deny') throw new Denied(judged.message)
}

const codes: Readonly<Partial<Record<SigningErrorCode, string>>> = {
  SIGNING_PROFILE_UNKNOWN: 'ProfileNotFound',
  SIGNING_PROFILE_INACTIVE: 'ProfileNotActive',
  SIGNING_KEY_UNUSABLE: 'KeyUnavailable',
  SIGNING_TIMESTAMP_UNAVAILABLE: 'TimestampUnavailable',
}
const longestReason = 1000

/** Undefined for what may go well the next time: the job comes again. */
function failureOf(error: unknown): NonNullable<ImageSigning['failure']> | undefined {
  const code = codeOf(error)
  if (code === undefined || !(error instanceof Error)) return undefined
  return { code, reason: error.message.slice(0, longestReason) }
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof Denied) return 'AccessDenied'
  if (error instanceof Absent) return 'ProfileNotFound'
  if (isSigningError(error)) return codes[error.code] ?? 'InternalError'
  if (!isRegistryError(error)) return undefined
  if (error.code === 'QUOTA_EXCEEDED') return 'QuotaExceeded'
  return error.code === 'UPLOADS_TOO_MANY' ? undefined : 'InternalError'
}
