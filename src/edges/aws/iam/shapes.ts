// Entities as IAM's answers show them.
import { arnOfGroup, type Group } from '../../../access/group-store.ts'
import type { Tag } from '../../../access/identity-tag-store.ts'
import { arnOfUser, type User } from '../../../access/user-store.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'

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
