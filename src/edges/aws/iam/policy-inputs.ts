// Members of the operations about policies, with the constraints of IAM's model (2010-05-08).
import { Type } from 'typebox'
import { entityName } from './inputs.ts'

export const policyName = entityName(128)
export const arn = Type.String({ minLength: 20, maxLength: 2048 })
export const policyPath = Type.String({
  minLength: 1,
  maxLength: 512,
  pattern: String.raw`^((/[A-Za-z0-9\.,\+@=_-]+)*)/$`,
})
export const policyDocument = Type.String({
  minLength: 1,
  maxLength: 131_072,
  pattern: String.raw`^[\u0009\u000A\u000D\u0020-\u00FF]+$`,
})
export const versionId = Type.String({ pattern: String.raw`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$` })
export const policyUsage = Type.Optional(Type.Enum(['PermissionsPolicy', 'PermissionsBoundary']))
export const marker = Type.String({
  minLength: 1,
  maxLength: 320,
  pattern: String.raw`^[\u0020-\u00FF]+$`,
})
export const paging = {
  Marker: Type.Optional(marker),
  MaxItems: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
}

/** The members that name whose policies an operation is about, one kind of owner after the other. */
export const policyOwners = [
  { kind: 'user', verb: 'User', nameMember: { UserName: entityName(128) } },
  { kind: 'role', verb: 'Role', nameMember: { RoleName: entityName(64) } },
  { kind: 'group', verb: 'Group', nameMember: { GroupName: entityName(128) } },
] as const
