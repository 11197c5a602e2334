// Tags as IAM and STS take them, with the constraints that both models have.
import { Type } from 'typebox'
import type { IamAction } from './operation.ts'

const tagKey = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: String.raw`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`,
})
export const tags = Type.Array(
  Type.Object({
    Key: tagKey,
    Value: Type.String({ maxLength: 256, pattern: String.raw`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$` }),
  }),
  { maxItems: 50 },
)
export const tagKeys = Type.Array(tagKey, { maxItems: 50 })

/** To make something with tags is to tag it: the further action, asked where there are tags. */
export function ifTagged(
  action: IamAction,
): (input: { readonly Tags?: readonly unknown[] }) => readonly IamAction[] {
  return ({ Tags = [] }) => (Tags.length > 0 ? [action] : [])
}
