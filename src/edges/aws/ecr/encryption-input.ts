// How inputs say which keys encrypt what a repository holds. This registry leaves encryption to its storage.
import { Type } from 'typebox'
import { invalidParameter } from './errors.ts'

export interface EncryptionShape {
  readonly encryptionType: string
  readonly kmsKey?: string
}

/** Constraints are the service model's; which key is meant is for the refusal to say. */
export const encryptionConfiguration = Type.Object({
  encryptionType: Type.Enum(['AES256', 'KMS', 'KMS_DSSE']),
  kmsKey: Type.Optional(Type.String({ maxLength: 2048 })),
})

export const offeredEncryption = { encryptionType: 'AES256' } as const

/** Keeping a word of keys that nothing is encrypted with would be a lie. */
export function requireOfferedEncryption(asked: EncryptionShape | undefined): void {
  if (asked === undefined) return
  const { encryptionType: type, kmsKey = '' } = asked
  if (type !== offeredEncryption.encryptionType) {
    throw invalidParameter(
      'encryptionConfiguration.encryptionType',
      `${type} is not offered by this registry; use AES256`,
    )
  }
  if (kmsKey === '') return
  throw invalidParameter(
    'encryptionConfiguration.kmsKey',
    'must be absent when encryptionType is AES256',
  )
}
