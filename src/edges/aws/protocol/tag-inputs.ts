// Tags as IAM and STS take them, with the constraints that both models have.
import { Type } from 'typebox'

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
