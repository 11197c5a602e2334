// Entities as IAM's answers show them.
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
  if (tags.length === 0) return {}
  return { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
}
