// Members that many operations share, with the constraints of IAM's model (2010-05-08).
import { Type } from 'typebox'

/** Users, groups, roles and policies; the constraint is one for all. */
export const entityName = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: String.raw`^[\w+=,.@-]+$` })

/** Of a user or role that is made. */
export const newName = entityName(64)
/** Of a role; and of a user where the model takes no longer one. */
export const shortName = entityName(64)
/** Of a user that is looked up, and of a group. */
export const longName = entityName(128)

export const path = Type.String({ minLength: 1, maxLength: 512, pattern: '^(?:/|/[!-~]+/)$' })
export const pathPrefix = Type.String({
  minLength: 1,
  maxLength: 512,
  pattern: String.raw`^/[\u0021-\u007F]*$`,
})

export const arn = Type.String({ minLength: 20, maxLength: 2048 })

export const document = Type.String({
  minLength: 1,
  maxLength: 131_072,
  pattern: String.raw`^[\u0009\u000A\u000D\u0020-\u00FF]+$`,
})

export const description = Type.String({
  maxLength: 1000,
  pattern: String.raw`^[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*$`,
})

/** Of a role's sessions: one hour to twelve. */
export const sessionSeconds = Type.Integer({ minimum: 3600, maximum: 43_200 })

/** What every list takes. */
export const paging = {
  Marker: Type.Optional(
    Type.String({ minLength: 1, maxLength: 320, pattern: String.raw`^[\u0020-\u00FF]+$` }),
  ),
  MaxItems: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
}

export const accountAlias = Type.String({
  minLength: 3,
  maxLength: 63,
  pattern: '^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$',
})

export const accessKeyId = Type.String({
  minLength: 16,
  maxLength: 128,
  pattern: String.raw`^[\w]+$`,
})
