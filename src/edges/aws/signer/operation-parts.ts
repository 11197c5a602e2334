import { Type } from 'typebox'

export const everything = (): readonly string[] => ['*']
export const rest = { errorStyle: 'rest', maxBodyBytes: 256 * 1024 } as const

export function maxResults(maximum: number) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum }))
}
export const nextToken = Type.Optional(Type.String({ maxLength: 4096 }))
