// Purpose:  a signature by a profile, over a payload as it came.
// Spec:     AWS Signer API, SignPayload; Notary Project signature-specification.md.
// Input:    a profile that signs now, and the payload's bytes, hostile: read strictly, signed as they are.
// Deviates: a profile of the mode `portable` signs as a key of the Notary Project does, without plugin and signing authority.
// Unknowns: a payload that is no descriptor, or that uses the standard's own annotations → SIGNING_INPUT_INVALID.
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { attributeNames } from '../signatures/notation/attributes.ts'
import { awsSignerAttributes, awsSignerPlugin } from '../signatures/notation/aws-signer.ts'
import { readPayload, type TargetArtifact } from '../signatures/notation/payload.ts'
import { signNotation, type SignatureRequest } from '../signatures/notation/sign-notation.ts'
import { signingError } from './errors.ts'
import { insertJob, type SigningJob } from './job-store.ts'
import type { KeyStore } from './key-store.ts'
import { tellSignature } from './made-record.ts'
import { renewedProfile, requireActive, type Profile, type ProfileDeps } from './profiles.ts'
import { endOf, jobArn, profileVersionArn, type ProfileAddress } from './rules/profile.ts'
import { findSigningKey, type SigningKeyRecord } from './signing-key-store.ts'
import { stampBy, type TimestampPolicy } from './timestamps.ts'

export interface SigningDeps extends ProfileDeps {
  readonly region: string
  /** Of signatures that no authority vouches for; undefined: they have no timestamp. */
  readonly timestamps?: TimestampPolicy | undefined
}

export const signingAgent = 'pratique'

export interface MadeSignature {
  readonly job: SigningJob
  readonly envelope: Uint8Array
  readonly isStamped: boolean
}

/** Who asks, as the job keeps it. */
export interface Asker {
  readonly account: AccountId
  readonly principal: string
}

/** The signature and its job, which is kept. SIGNING_PROFILE_UNKNOWN, SIGNING_PROFILE_INACTIVE, SIGNING_INPUT_INVALID. */
export async function signPayload(
  deps: SigningDeps,
  address: ProfileAddress,
  input: { readonly payload: Uint8Array; readonly by: Asker },
): Promise<MadeSignature> {
  readTarget(input.payload)
  const profile = await renewedProfile(deps, await requireActive(deps.database, address))
  const made = await makeSignature(deps, profile, { by: input.by, payloadOf: () => input.payload })
  await deps.database.transaction(async (tx) => {
    await requireActive(tx, address)
    await insertJob(tx, made.job)
    await tellSignature(tx, deps.region, made)
  })
  return made
}

/** Without keeping its job: who calls does, in the transaction in which it counts. */
export async function makeSignature(
  deps: SigningDeps,
  profile: Profile,
  input: {
    readonly by: Asker
    readonly payloadOf: (arns: { readonly job: string; readonly version: string }) => Uint8Array
  },
): Promise<MadeSignature> {
  const { account, name, mode, current } = profile
  const id = deps.ids.uuid()
  const arns = {
    job: jobArn(deps.region, account, id),
    version: profileVersionArn(deps.region, current),
  }
  const payload = input.payloadOf(arns)
  const target = readTarget(payload)
  const createdAt = secondsOf(deps.clock.now())
  const expiresAt = endOf(createdAt, current.validity)
  const times = { signingTime: createdAt.getTime(), expiry: expiresAt.getTime() }
  const request: SignatureRequest = {
    format: 'jws',
    payload,
    signingAgent,
    ...times,
    ...(mode === 'portable'
      ? { scheme: 'notary.x509' }
      : {
          scheme: 'notary.x509.signingAuthority',
          criticalAttributes: {
            [attributeNames.verificationPlugin]: awsSignerPlugin,
            [awsSignerAttributes.job]: arns.job,
            [awsSignerAttributes.profileVersion]: arns.version,
          },
        }),
  }
  const key = await findSigningKey(deps.database, current.keyId)
  if (key === undefined) throw new Error(`profile ${name} has no key ${current.keyId}`)
  const { envelope, isStamped } = await signWithKey(deps, key, request)
  const job = {
    id,
    account,
    profile: name,
    version: current.version,
    invoker: input.by.account,
    requestedBy: input.by.principal,
    digest: target.digest,
    createdAt,
    expiresAt,
    revocation: undefined,
  }
  return { job, envelope, isStamped }
}

/**
 * By a key that is kept here; its certificate says who it is. With a timestamp where the settings want one and nobody vouches for the
 * time. SIGNING_TIMESTAMP_UNAVAILABLE.
 */
export async function signWithKey(
  deps: Pick<SigningDeps, 'timestamps'> & {
    readonly database: SqlReader
    readonly keys: KeyStore
  },
  key: SigningKeyRecord,
  request: SignatureRequest,
): Promise<{ readonly envelope: Uint8Array; readonly isStamped: boolean }> {
  const { timestamps } = deps
  let isStamped = false
  const stamp: NonNullable<SignatureRequest['timestamp']> = async (signature, hash) => {
    const token = timestamps === undefined ? undefined : await stampBy(timestamps, signature, hash)
    isStamped = token !== undefined
    return token
  }
  const isOwnWord = request.scheme === 'notary.x509'
  const result = await signNotation(isOwnWord ? { ...request, timestamp: stamp } : request, {
    chain: key.chain,
    sign: (bytes) => deps.keys.sign(deps.database, key.id, bytes),
  })
  if (result.kind === 'signed') return { envelope: result.envelope, isStamped }
  throw signingError('SIGNING_INPUT_INVALID', `nothing was signed: ${result.reason}`)
}

/** What a payload speaks of, or SIGNING_INPUT_INVALID. */
export function readTarget(payload: Uint8Array): TargetArtifact {
  const result = readPayload(payload)
  if (result.kind === 'refused') throw signingError('SIGNING_INPUT_INVALID', result.detail)
  const reserved = Object.keys(result.target.annotations).find((name) =>
    name.toLowerCase().startsWith('io.cncf.notary'),
  )
  if (reserved === undefined) return result.target
  const message = `the payload has the annotation ${reserved.slice(0, 200)}: io.cncf.notary is reserved`
  throw signingError('SIGNING_INPUT_INVALID', message)
}

function secondsOf(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
