// Members that several operations share, with the constraints of STS's model (2011-06-15).
import { Type } from 'typebox'

const word = String.raw`^[\w+=,.@-]*$`

export const arn = Type.String({ minLength: 20, maxLength: 2048 })
export const sessionName = Type.String({ minLength: 2, maxLength: 64, pattern: word })
export const sourceIdentity = Type.String({ minLength: 2, maxLength: 64, pattern: word })
export const federatedName = Type.String({ minLength: 2, maxLength: 32, pattern: word })
export const externalId = Type.String({
  minLength: 2,
  maxLength: 1224,
  pattern: String.raw`^[\w+=,.@:\/-]*$`,
})
export const roleSeconds = Type.Integer({ minimum: 900, maximum: 43_200 })
export const ownSeconds = Type.Integer({ minimum: 900, maximum: 129_600 })

/** What narrows a session. */
export const sessionPolicies = {
  Policy: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: String.raw`^[\u0009\u000A\u000D\u0020-\u00FF]+$`,
    }),
  ),
  PolicyArns: Type.Optional(Type.Array(Type.Object({ arn }), { maxItems: 10 })),
}

/** A device and its code. There are none here, so that whoever sends them has to be told that nothing was checked. */
export const mfa = {
  SerialNumber: Type.Optional(
    Type.String({ minLength: 9, maxLength: 256, pattern: String.raw`^[\w+=/:,.@-]*$` }),
  ),
  TokenCode: Type.Optional(Type.String({ pattern: String.raw`^[\d]{6}$` })),
}

export interface WrittenPolicies {
  readonly Policy?: string
  readonly PolicyArns?: readonly { readonly arn: string }[]
}

/** As the room takes them: one text at most, each ARN once. */
export function readPolicies({ Policy, PolicyArns = [] }: WrittenPolicies): {
  readonly policies: readonly string[]
  readonly policyArns: readonly string[]
} {
  return {
    policies: Policy === undefined ? [] : [Policy],
    policyArns: [...new Set(PolicyArns.map((one) => one.arn))],
  }
}

export function readTags(
  written: readonly { readonly Key: string; readonly Value: string }[] = [],
): readonly { readonly key: string; readonly value: string }[] {
  return written.map(({ Key, Value }) => ({ key: Key, value: Value }))
}
