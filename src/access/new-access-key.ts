import type { Ids } from '../lib/ids.ts'
import { sealSecret, type SealedSecret } from './rules/seal-secret.ts'
import type { SealKeys } from './rules/seal.ts'
import { uniqueId } from './rules/unique-id.ts'

export interface NewAccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A key that nobody has yet: what is shown once, and what is stored. */
export function newAccessKey(deps: { readonly ids: Ids; readonly accessKeyKey: SealKeys }): {
  readonly key: NewAccessKey
  readonly sealedSecret: SealedSecret
} {
  const { ids, accessKeyKey } = deps
  const accessKeyId = uniqueId((size) => ids.bytes(size), 'AKIA')
  const secretAccessKey = ids.bytes(30).toString('base64')
  const plain = Buffer.from(secretAccessKey)
  const place = { table: 'access_keys', row: accessKeyId } as const
  const sealedSecret = sealSecret(accessKeyKey, ids.bytes(12), place, plain)
  return { key: { accessKeyId, secretAccessKey }, sealedSecret }
}
