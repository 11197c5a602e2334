import type { Ids } from '../lib/ids.ts'
import { seal } from './rules/seal.ts'
import { uniqueId } from './rules/unique-id.ts'

export interface NewAccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A key that nobody has yet: what is shown once, and what is stored. */
export function newAccessKey(deps: { readonly ids: Ids; readonly accessKeyKey: Uint8Array }): {
  readonly key: NewAccessKey
  readonly sealedSecret: Uint8Array
} {
  const { ids, accessKeyKey } = deps
  const accessKeyId = uniqueId((size) => ids.bytes(size), 'AKIA')
  const secretAccessKey = ids.bytes(30).toString('base64')
  const plain = Buffer.from(secretAccessKey)
  const sealedSecret = seal(accessKeyKey, ids.bytes(12), plain, accessKeyId)
  return { key: { accessKeyId, secretAccessKey }, sealedSecret }
}
