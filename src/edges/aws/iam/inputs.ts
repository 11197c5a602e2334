// Members that many operations share, with the constraints of IAM's model (2010-05-08).
import { Type } from 'typebox'

/** Users, groups, roles of 64 characters; the constraint is one for all. */
export const entityName = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: String.raw`^[\w+=,.@-]+$` })

export const userName = entityName(64)
