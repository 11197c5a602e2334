// Entities as IAM's answers show them.
import { arnOfGroup, type Group } from '../../../access/group-store.ts'
import type { Tag } from '../../../access/identity-tag-store.ts'
import { arnOfRole, type Role } from '../../../access/role-store.ts'
import { arnOfUser, type User } from '../../../access/user-store.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import { encodedDocument } from './policy-document.ts'

/** Without what lists leave out: tags and boundary. */
export function userShape(user: User): QueryStructure {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: arnOfUser(user),
    CreateDate: user.createdAt,
  }
}

export function groupShape(group: Group): QueryStructure {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: arnOfGroup(group),
    CreateDate: group.createdAt,
  }
}

/** Without what lists leave out; `document` is the trust policy with the present names of those it names. */
export function roleShape(role: Role, document: string): QueryStructure {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: arnOfRole(role),
    CreateDate: role.createdAt,
    AssumeRolePolicyDocument: encodedDocument(document),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  }
}

export function lastUsedShape(role: Role): QueryStructure {
  const { lastUsedAt, lastUsedRegion } = role
  return { RoleLastUsed: { LastUsedDate: lastUsedAt, Region: lastUsedRegion } }
}

export function boundaryShape(boundaryArn: string | undefined): QueryStructure {
  if (boundaryArn === undefined) return {}
  return {
    PermissionsBoundary: {
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: boundaryArn,
    },
  }
}

/** No member where there are none, as AWS has it. */
export function tagsShape(tags: readonly Tag[]): QueryStructure {
  return tags.length === 0 ? {} : { Tags: tagList(tags) }
}

export function tagList(tags: readonly Tag[]): readonly QueryStructure[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }))
}
