// Signing profiles: rows of the table of operations, and what runs.
import { Type } from 'typebox'
import { requestTagKeys } from '../../../access/request-context.ts'
import { signingError } from '../../../signing/errors.ts'
import { listProfiles, type ProfileStatus } from '../../../signing/list-profiles.ts'
import {
  cancelProfile,
  getProfile,
  putProfile,
  revokeVersion,
  statusOf,
  type Profile,
} from '../../../signing/profiles.ts'
import {
  maxValidityMonths,
  modeTag,
  platformId,
  profileArn,
  profileModes,
  profileVersionArn,
  validityTypes,
  type ProfileMode,
  type Validity,
} from '../../../signing/rules/profile.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import { ownerIn, type Shape, type SignerCall, type SignerDeps } from './call.ts'
import { validation } from './errors.ts'
import {
  account,
  onProfile,
  profileName,
  profileVersion,
  reason,
  tags,
  text,
  versionKeys,
} from './inputs.ts'
import { everything, maxResults, nextToken, rest } from './operation-parts.ts'
import { cursorText, nextTokenFor } from './page.ts'

export const profileOperations: readonly Operation<SignerDeps, SignerCall>[] = [
  operation({
    name: 'PutSigningProfile',
    input: Type.Object({
      profileName,
      platformId: text,
      signatureValidityPeriod: Type.Optional(
        Type.Object({
          value: Type.Optional(Type.Integer()),
          type: Type.Optional(Type.Enum([...validityTypes])),
        }),
      ),
      signingMaterial: Type.Optional(Type.Object({})),
      overrides: Type.Optional(Type.Object({})),
      signingParameters: Type.Optional(Type.Record(Type.String(), Type.String())),
      tags: Type.Optional(tags),
    }),
    action: 'signer:PutSigningProfile',
    resources: onProfile,
    keys: (input) =>
      requestTagKeys(Object.entries(input.tags ?? {}).map(([key, value]) => ({ key, value }))),
    ...rest,
    run: put,
  }),
  operation({
    name: 'GetSigningProfile',
    input: Type.Object({ profileName, profileOwner: account }),
    action: 'signer:GetSigningProfile',
    resources: onProfile,
    lookUpKeys: versionKeys,
    ...rest,
    run: async (deps, input, { caller }) => {
      const owner = ownerIn(caller.accountId, input.profileOwner)
      const found = await getProfile(deps.database, { account: owner, name: input.profileName })
      return describe(deps, found)
    },
  }),
  operation({
    name: 'ListSigningProfiles',
    input: Type.Object({
      includeCanceled: Type.Optional(Type.Boolean()),
      maxResults: maxResults(25),
      nextToken,
      platformId: Type.Optional(text),
      statuses: Type.Optional(Type.Array(Type.Enum(['Active', 'Canceled', 'Revoked']))),
    }),
    action: 'signer:ListSigningProfiles',
    resources: everything,
    ...rest,
    run: list,
  }),
  operation({
    name: 'CancelSigningProfile',
    input: Type.Object({ profileName }),
    action: 'signer:CancelSigningProfile',
    resources: onProfile,
    lookUpKeys: versionKeys,
    ...rest,
    run: async (deps, input, { caller }) => {
      await cancelProfile(deps, { account: caller.accountId, name: input.profileName })
      return {}
    },
  }),
  operation({
    name: 'RevokeSigningProfile',
    input: Type.Object({ profileName, profileVersion, reason, effectiveTime: Type.Number() }),
    action: 'signer:RevokeSigningProfile',
    resources: onProfile,
    lookUpKeys: versionKeys,
    ...rest,
    run: async (deps, input, { caller }) => {
      await revokeVersion(deps, {
        account: caller.accountId,
        name: input.profileName,
        version: input.profileVersion,
        from: momentOf(input.effectiveTime),
        reason: input.reason,
        by: caller.principalArn,
      })
      return {}
    },
  }),
]

async function put(
  deps: SignerDeps,
  input: {
    readonly profileName: string
    readonly platformId: string
    readonly signatureValidityPeriod?: {
      readonly value?: number
      readonly type?: Validity['type']
    }
    readonly signingMaterial?: object
    readonly overrides?: object
    readonly signingParameters?: object
    readonly tags?: Readonly<Record<string, string>>
  },
  { caller }: SignerCall,
): Promise<Shape> {
  requirePlatform(input.platformId)
  if (input.signingMaterial !== undefined)
    throw validation(
      'signingMaterial is not for this platform: keys and certificates are made here',
    )
  if (Object.keys(input.overrides ?? {}).length > 0)
    throw validation('overrides are not for this platform: it signs with ECDSA over SHA-384')
  if (Object.keys(input.signingParameters ?? {}).length > 0)
    throw validation('signingParameters are not for this platform')
  const { value, type } = input.signatureValidityPeriod ?? {}
  if ((value === undefined) !== (type === undefined))
    throw validation('signatureValidityPeriod needs both value and type')
  const profile = await putProfile(
    deps,
    {
      account: caller.accountId,
      name: input.profileName,
      mode: modeIn(input.tags),
      validity: value === undefined || type === undefined ? undefined : { value, type },
      tags: input.tags,
      by: caller.principalArn,
    },
    {
      mode: 'aws-plugin',
      validity: { value: deps.defaults === 'aws' ? maxValidityMonths : 12, type: 'MONTHS' },
    },
  )
  return arnsOf(deps, profile)
}

export function requirePlatform(id: string): void {
  if (id !== platformId)
    throw validation(`the platform ${id} is not served here; ${platformId} is, for images`)
}

function modeIn(given: Readonly<Record<string, string>> = {}): ProfileMode | undefined {
  const word = given[modeTag]
  const mode = profileModes.find((one) => one === word)
  if (word !== undefined && mode === undefined)
    throw signingError(
      'SIGNING_INPUT_INVALID',
      `the tag ${modeTag} must be ${profileModes.join(' or ')}`,
    )
  return mode
}

function arnsOf({ region }: SignerDeps, profile: Profile): Shape {
  return {
    arn: profileArn(region, profile),
    profileVersion: profile.version,
    profileVersionArn: profileVersionArn(region, profile),
  }
}

function describe(deps: SignerDeps, profile: Profile): Shape {
  const { current } = profile
  const { revocation } = current
  return {
    profileName: profile.name,
    platformId,
    platformDisplayName,
    signatureValidityPeriod: current.validity,
    status: statusOf(profile),
    tags: profile.tags,
    ...arnsOf(deps, profile),
    ...(revocation === undefined
      ? {}
      : {
          revocationRecord: {
            revocationEffectiveFrom: revocation.from.getTime() / 1000,
            revokedAt: revocation.at.getTime() / 1000,
            revokedBy: revocation.by,
          },
        }),
  }
}

export const platformDisplayName = 'Notation for Container Registries'

async function list(
  deps: SignerDeps,
  input: {
    readonly includeCanceled?: boolean
    readonly maxResults?: number
    readonly nextToken?: string
    readonly platformId?: string
    readonly statuses?: readonly string[]
  },
  { caller }: SignerCall,
): Promise<Shape> {
  const { includeCanceled = false, statuses, platformId: platform } = input
  const identity = {
    operation: 'ListSigningProfiles',
    inputs: [includeCanceled, statuses, platform],
  }
  const wanted = (status: ProfileStatus): boolean =>
    statuses === undefined ? includeCanceled || status !== 'Canceled' : statuses.includes(status)
  const page = await listProfiles(deps.database, {
    account: caller.accountId,
    after: cursorText(deps, identity, input.nextToken) ?? '',
    limit: input.maxResults ?? 25,
    isWanted: (status) => (platform === undefined || platform === platformId) && wanted(status),
  })
  return {
    profiles: page.profiles.map((one) => {
      const { revocationRecord: _, tags: given, ...shown } = describe(deps, one)
      return { ...shown, tags: given }
    }),
    ...nextTokenFor(deps, identity, page.next),
  }
}

/** Seconds since 1970. */
export function momentOf(seconds: number): Date {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) throw validation(`${seconds} is no moment`)
  return date
}
