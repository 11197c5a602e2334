// Signatures and what became of them: rows of the table of operations, and what runs.
import { Type } from 'typebox'
import { payloadContentType } from '../../../signatures/notation/attributes.ts'
import { listStoredJobs, type SigningJob } from '../../../signing/job-store.ts'
import { signPayload } from '../../../signing/make-signature.ts'
import { findVersion } from '../../../signing/profile-store.ts'
import { revokedEntities } from '../../../signing/revocation-status.ts'
import { requireJob, revokeSignature } from '../../../signing/revoke-signature.ts'
import { platformId, profileArn, profileVersionArn } from '../../../signing/rules/profile.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import { epochSeconds, ownerIn, type Shape, type SignerCall, type SignerDeps } from './call.ts'
import { validation } from './errors.ts'
import {
  account,
  jobId,
  onJob,
  onProfile,
  profileName,
  reason,
  text,
  versionKeys,
} from './inputs.ts'
import { everything, maxResults, nextToken, rest } from './operation-parts.ts'
import { cursorText, nextTokenFor } from './page.ts'
import { platformDisplayName, requirePlatform } from './profile-operations.ts'

/** 64 KiB in base64, and a little. */
const maxPayloadText = 96 * 1024

export const jobOperations: readonly Operation<SignerDeps, SignerCall>[] = [
  operation({
    name: 'SignPayload',
    input: Type.Object({
      profileName,
      profileOwner: account,
      payload: Type.String({ minLength: 1, maxLength: maxPayloadText }),
      payloadFormat: text,
    }),
    action: 'signer:SignPayload',
    resources: onProfile,
    lookUpKeys: versionKeys,
    ...rest,
    run: sign,
  }),
  operation({
    name: 'StartSigningJob',
    input: Type.Object({ profileName, profileOwner: account }),
    action: 'signer:StartSigningJob',
    resources: onProfile,
    lookUpKeys: versionKeys,
    ...rest,
    run: async () => {
      const message = `StartSigningJob signs objects of S3, which are not for the platform ${platformId}: use SignPayload`
      return Promise.reject(validation(message))
    },
  }),
  operation({
    name: 'DescribeSigningJob',
    input: Type.Object({ jobId }),
    action: 'signer:DescribeSigningJob',
    resources: onJob,
    ...rest,
    run: async (deps, input, { caller }) =>
      describe(deps, await requireJob(deps.database, caller.accountId, input.jobId)),
  }),
  operation({
    name: 'ListSigningJobs',
    input: Type.Object({
      status: Type.Optional(Type.Enum(['InProgress', 'Failed', 'Succeeded'])),
      platformId: Type.Optional(text),
      requestedBy: Type.Optional(text),
      maxResults: maxResults(25),
      nextToken,
      isRevoked: Type.Optional(Type.Boolean()),
      signatureExpiresBefore: Type.Optional(text),
      signatureExpiresAfter: Type.Optional(text),
      jobInvoker: account,
    }),
    action: 'signer:ListSigningJobs',
    resources: everything,
    ...rest,
    run: list,
  }),
  operation({
    name: 'RevokeSignature',
    input: Type.Object({ jobId, jobOwner: account, reason }),
    action: 'signer:RevokeSignature',
    resources: onJob,
    ...rest,
    run: async (deps, input, { caller }) => {
      await revokeSignature(deps, {
        account: ownerIn(caller.accountId, input.jobOwner),
        id: input.jobId,
        reason: input.reason,
        by: caller.principalArn,
      })
      return {}
    },
  }),
  operation({
    name: 'GetRevocationStatus',
    input: Type.Object({
      signatureTimestamp: text,
      platformId: text,
      profileVersionArn: Type.String({ minLength: 20, maxLength: 2048 }),
      jobArn: Type.String({ minLength: 20, maxLength: 2048 }),
      certificateHashes: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
        maxItems: 20,
      }),
    }),
    action: 'signer:GetRevocationStatus',
    resources: everything,
    ...rest,
    run: async (deps, input) => {
      const signedAt = dateIn('signatureTimestamp', input.signatureTimestamp)
      const { database: reader, region, onUnknown } = deps
      const asked = { ...input, signedAt }
      return { revokedEntities: await revokedEntities({ reader, region, onUnknown }, asked) }
    },
  }),
  operation({
    name: 'GetSigningPlatform',
    input: Type.Object({ platformId: text }),
    action: 'signer:GetSigningPlatform',
    resources: everything,
    ...rest,
    run: async (_, input) => {
      requirePlatform(input.platformId)
      return Promise.resolve(platform)
    },
  }),
  operation({
    name: 'ListSigningPlatforms',
    input: Type.Object({
      category: Type.Optional(text),
      partner: Type.Optional(text),
      target: Type.Optional(text),
      maxResults: maxResults(25),
      nextToken,
    }),
    action: 'signer:ListSigningPlatforms',
    resources: everything,
    ...rest,
    run: async (_, { category, partner, target }) => {
      const isMeant = [
        [category, platform.category],
        [partner, platform.partner],
        [target, platform.target],
      ].every(([asked, own]) => asked === undefined || asked === own)
      return Promise.resolve({ platforms: isMeant ? [platform] : [] })
    },
  }),
]

const platform = {
  platformId,
  displayName: platformDisplayName,
  partner: 'Notation',
  target: 'OCI',
  category: 'AWS',
  signingConfiguration: {
    encryptionAlgorithmOptions: { allowedValues: ['ECDSA'], defaultValue: 'ECDSA' },
    hashAlgorithmOptions: { allowedValues: ['SHA384'], defaultValue: 'SHA384' },
  },
  maxSizeInMB: 1,
  revocationSupported: true,
}

async function sign(
  deps: SignerDeps,
  input: {
    readonly profileName: string
    readonly profileOwner?: string
    readonly payload: string
    readonly payloadFormat: string
  },
  { caller }: SignerCall,
): Promise<Shape> {
  if (input.payloadFormat !== payloadContentType)
    throw validation(`payloadFormat must be ${payloadContentType}`)
  const owner = ownerIn(caller.accountId, input.profileOwner)
  const payload = Buffer.from(input.payload, 'base64')
  if (payload.toString('base64').replaceAll('=', '') !== input.payload.replaceAll('=', ''))
    throw validation('payload is not base64')
  const { job, envelope } = await signPayload(
    deps,
    { account: owner, name: input.profileName },
    { payload, by: { account: caller.accountId, principal: caller.principalArn } },
  )
  return {
    jobId: job.id,
    jobOwner: owner,
    metadata: {},
    signature: Buffer.from(envelope).toString('base64'),
  }
}

function summary({ region }: SignerDeps, job: SigningJob): Shape {
  const { id, profile: name, version, account: owner, requestedBy, createdAt, expiresAt } = job
  return {
    jobId: id,
    status: 'Succeeded',
    createdAt: epochSeconds(createdAt),
    profileName: name,
    profileVersion: version,
    platformId,
    platformDisplayName,
    signatureExpiresAt: epochSeconds(expiresAt),
    jobOwner: owner,
    jobInvoker: job.invoker,
    isRevoked: job.revocation !== undefined,
    signedObject: { digest: job.digest },
    source: { profileArn: profileArn(region, { account: owner, name }) },
    requestedBy,
  }
}

async function describe(deps: SignerDeps, job: SigningJob): Promise<Shape> {
  const { source: _, signedObject: __, isRevoked: ___, ...shown } = summary(deps, job)
  const { profile: name, version, account: owner, revocation } = job
  const signed = await findVersion(deps.database, { account: owner, name, version })
  return {
    ...shown,
    completedAt: epochSeconds(job.createdAt),
    statusReason: `signed ${job.digest} with ${profileVersionArn(deps.region, { account: owner, name, version })}`,
    signingParameters: {},
    overrides: {},
    ...(revocation === undefined
      ? {}
      : {
          revocationRecord: {
            reason: revocation.reason,
            revokedAt: epochSeconds(revocation.at),
            revokedBy: revocation.by,
          },
        }),
    ...(signed === undefined ? {} : { signatureValidityPeriod: signed.validity }),
  }
}

async function list(
  deps: SignerDeps,
  input: {
    readonly status?: string
    readonly platformId?: string
    readonly requestedBy?: string
    readonly maxResults?: number
    readonly nextToken?: string
    readonly isRevoked?: boolean
    readonly signatureExpiresBefore?: string
    readonly signatureExpiresAfter?: string
    readonly jobInvoker?: string
  },
  { caller }: SignerCall,
): Promise<Shape> {
  const { nextToken: token, maxResults: limit = 25, ...filters } = input
  const identity = { operation: 'ListSigningJobs', inputs: filters }
  const isWanted = jobFilter(filters)
  let cursor = cursorText(deps, identity, token)
  const found: SigningJob[] = []
  for (let pages = 0; pages < maxPagesRead; pages += 1) {
    const page = await listStoredJobs(deps.database, caller.accountId, {
      before: placeIn(cursor),
      limit: readAtOnce,
    })
    for (const job of page) {
      if (found.length === limit) return pageOf(deps, identity, found, cursor)
      if (isWanted(job)) found.push(job)
      cursor = `${job.createdAt.getTime()} ${job.id}`
    }
    if (page.length < readAtOnce) return pageOf(deps, identity, found, undefined)
  }
  return pageOf(deps, identity, found, cursor)
}

const readAtOnce = 100
const maxPagesRead = 20

function pageOf(
  deps: SignerDeps,
  identity: Parameters<typeof nextTokenFor>[1],
  jobs: readonly SigningJob[],
  cursor: string | undefined,
): Shape {
  const shown = jobs.map((job) => {
    const { requestedBy: _, ...one } = summary(deps, job)
    return one
  })
  return { jobs: shown, ...nextTokenFor(deps, identity, cursor) }
}

function placeIn(
  cursor: string | undefined,
): { readonly at: number; readonly id: string } | undefined {
  if (cursor === undefined) return undefined
  const [at = '', id = ''] = cursor.split(' ')
  return { at: Number(at), id }
}

function jobFilter(filters: {
  readonly status?: string
  readonly platformId?: string
  readonly requestedBy?: string
  readonly isRevoked?: boolean
  readonly signatureExpiresBefore?: string
  readonly signatureExpiresAfter?: string
  readonly jobInvoker?: string
}): (job: SigningJob) => boolean {
  const before = optionalDate('signatureExpiresBefore', filters.signatureExpiresBefore)
  const after = optionalDate('signatureExpiresAfter', filters.signatureExpiresAfter)
  const { status, platformId: platformAsked, requestedBy, isRevoked, jobInvoker } = filters
  return (job) =>
    [
      status === undefined || status === 'Succeeded',
      platformAsked === undefined || platformAsked === platformId,
      requestedBy === undefined || requestedBy === job.requestedBy,
      isRevoked === undefined || isRevoked === (job.revocation !== undefined),
      jobInvoker === undefined || jobInvoker === job.invoker,
      before === undefined || job.expiresAt < before,
      after === undefined || job.expiresAt > after,
    ].every(Boolean)
}

function optionalDate(name: string, value: string | undefined): Date | undefined {
  return value === undefined ? undefined : dateIn(name, value)
}

/** ISO 8601, as query strings have it; seconds since 1970 are understood too. */
function dateIn(name: string, value: string): Date {
  const date = new Date(/^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : value)
  if (!Number.isNaN(date.getTime())) return date
  throw validation(
    `${name} ${JSON.stringify(value.slice(0, 100))} is no moment: 2027-01-31T12:00:00Z`,
  )
}
