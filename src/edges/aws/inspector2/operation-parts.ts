import { Type } from 'typebox'

/** The service authorization reference has no resources for most of the operations. */
export const everything = (): readonly string[] => ['*']
export const rest = { errorStyle: 'rest', maxBodyBytes: 256 * 1024 } as const

export function maxResults(maximum: number) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum }))
}
export const nextToken = Type.Optional(Type.String({ maxLength: 1_000_000 }))
