// Members of the operations about policies, with the constraints of IAM's model (2010-05-08).
import { Type } from 'typebox'
import { longName, shortName } from './inputs.ts'

/** Of policies the paths are of fewer characters than of users. */
export const policyPath = Type.String({
  minLength: 1,
  maxLength: 512,
  pattern: String.raw`^((/[A-Za-z0-9\.,\+@=_-]+)*)/$`,
})
export const versionId = Type.String({ pattern: String.raw`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$` })
export const policyUsage = Type.Optional(Type.Enum(['PermissionsPolicy', 'PermissionsBoundary']))

/** The members that name whose policies an operation is about, one kind of owner after the other. */
export const policyOwners = [
  { kind: 'user', verb: 'User', nameMember: { UserName: longName } },
  { kind: 'role', verb: 'Role', nameMember: { RoleName: shortName } },
  { kind: 'group', verb: 'Group', nameMember: { GroupName: longName } },
] as const
