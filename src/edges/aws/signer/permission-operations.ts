// Permissions of signing profiles for other accounts, and tags: rows of the table of operations, and what runs.
import { Type } from 'typebox'
import { requestTagKeys } from '../../../access/request-context.ts'
import { listPermissions } from '../../../signing/permission-store.ts'
import {
  addPermission,
  permittedActions,
  removePermission,
} from '../../../signing/profile-permissions.ts'
import { getProfile, tagProfile } from '../../../signing/profiles.ts'
import { modeTag, parseSignerArn, type ProfileAddress } from '../../../signing/rules/profile.ts'
import { operation, type Operation, type ResourceScope } from '../protocol/operation.ts'
import type { SignerCall, SignerDeps } from './call.ts'
import { notFound, validation } from './errors.ts'
import { onProfile, profileName, profileVersion, tags } from './inputs.ts'
import { nextToken, rest } from './operation-parts.ts'

const statementId = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9_-]+$' })
const revisionId = Type.String({ minLength: 1, maxLength: 64 })
const resourceArn = Type.String({ minLength: 1, maxLength: 1011 })

export const permissionOperations: readonly Operation<SignerDeps, SignerCall>[] = [
  operation({
    name: 'AddProfilePermission',
    input: Type.Object({
      profileName,
      profileVersion: Type.Optional(profileVersion),
      action: Type.String({ minLength: 1, maxLength: 128 }),
      principal: Type.String({ minLength: 1, maxLength: 512 }),
      revisionId: Type.Optional(revisionId),
      statementId,
    }),
    action: 'signer:AddProfilePermission',
    resources: onProfile,
    ...rest,
    run: async (deps, input, { caller }) => {
      if (!permittedActions.some((one) => one === input.action))
        throw validation(`action must be one of ${permittedActions.join(', ')}`)
      const address = { account: caller.accountId, name: input.profileName }
      return addPermission(deps, address, {
        statementId: input.statementId,
        action: input.action,
        principal: input.principal,
        profileVersion: input.profileVersion,
        revisionId: input.revisionId,
      })
    },
  }),
  operation({
    name: 'RemoveProfilePermission',
    input: Type.Object({ profileName, statementId, revisionId }),
    action: 'signer:RemoveProfilePermission',
    resources: onProfile,
    ...rest,
    run: async (deps, input, { caller }) =>
      removePermission(deps, { account: caller.accountId, name: input.profileName }, input),
  }),
  operation({
    name: 'ListProfilePermissions',
    input: Type.Object({ profileName, nextToken }),
    action: 'signer:ListProfilePermissions',
    resources: onProfile,
    ...rest,
    run: async (deps, input, { caller }) => {
      const address = { account: caller.accountId, name: input.profileName }
      const profile = await getProfile(deps.database, address)
      const permissions = await listPermissions(deps.database, address)
      return {
        revisionId: profile.permissionsRevision,
        policySizeBytes: Buffer.byteLength(JSON.stringify(permissions)),
        permissions: permissions.map(({ profileVersion: version, ...one }) => ({
          ...one,
          ...(version === undefined ? {} : { profileVersion: version }),
        })),
      }
    },
  }),
  operation({
    name: 'ListTagsForResource',
    input: Type.Object({ resourceArn }),
    action: 'signer:ListTagsForResource',
    resources: onArn,
    ...rest,
    run: async (deps, input, { caller }) => {
      const address = addressOf(input.resourceArn, { ...deps, account: caller.accountId })
      return { tags: (await getProfile(deps.database, address)).tags }
    },
  }),
  operation({
    name: 'TagResource',
    input: Type.Object({ resourceArn, tags }),
    action: 'signer:TagResource',
    resources: onArn,
    keys: (input) =>
      requestTagKeys(Object.entries(input.tags).map(([key, value]) => ({ key, value }))),
    ...rest,
    run: async (deps, input, { caller }) => {
      const address = addressOf(input.resourceArn, { ...deps, account: caller.accountId })
      requireOtherTags(Object.keys(input.tags))
      await tagProfile(deps, { ...address, put: input.tags, remove: [] })
      return {}
    },
  }),
  operation({
    name: 'UntagResource',
    input: Type.Object({
      resourceArn,
      tagKeys: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 200 }),
    }),
    action: 'signer:UntagResource',
    resources: onArn,
    keys: (input) => requestTagKeys(input.tagKeys.map((key) => ({ key }))),
    ...rest,
    run: async (deps, input, { caller }) => {
      const address = addressOf(input.resourceArn, { ...deps, account: caller.accountId })
      requireOtherTags(input.tagKeys)
      await tagProfile(deps, { ...address, put: {}, remove: input.tagKeys })
      return {}
    },
  }),
]

/** What a version was made for is not changed by a label. */
function requireOtherTags(keys: readonly string[]): void {
  if (keys.includes(modeTag)) throw validation(`${modeTag} is changed by PutSigningProfile alone`)
}

/** Only what has the form of a profile's ARN of the caller's account can be asked about. */
function onArn(
  { resourceArn: arn }: { readonly resourceArn: string },
  scope: ResourceScope,
): readonly string[] {
  addressOf(arn, scope)
  return [arn]
}

function addressOf(arn: string, { region, account }: ResourceScope): ProfileAddress {
  const found = parseSignerArn(region, arn)
  if (found?.kind === 'profile' && found.account === account) return found
  throw notFound(`${JSON.stringify(arn.slice(0, 200))} is no signing profile of this account`)
}
