// Purpose:  make and read the opaque tokens that continue a list.
// Spec:     AWS API conventions, nextToken; each service keeps what is in it to itself.
// Input:    a token as a client sends it back; hostile.
// Deviates: nothing.
// Unknowns: a token that is altered, of another operation or of other inputs → undefined.
import { createHash } from 'node:crypto'
import { openSealed, seal, type SealKeys } from '../../../access/rules/seal.ts'

const longestToken = 4096

interface ListIdentity {
  readonly operation: string
  /** What shapes the list: account, repository, filters. */
  readonly inputs: unknown
}

/** `nonce` is 12 random bytes, used once. */
export function encodeToken(
  key: SealKeys,
  nonce: Uint8Array,
  list: ListIdentity,
  cursor: unknown,
): string {
  return seal(key, nonce, Buffer.from(JSON.stringify(cursor)), contextOf(list)).toString(
    'base64url',
  )
}

export function decodeToken(key: SealKeys, list: ListIdentity, token: string): unknown {
  if (token.length > longestToken) return undefined
  const sealed = Buffer.from(token, 'base64url')
  // The decoder skips what is not base64url; a token has one spelling.
  if (sealed.toString('base64url') !== token) return undefined
  const plain = openSealed(key, sealed, contextOf(list))
  if (plain === undefined) return undefined
  const cursor: unknown = JSON.parse(plain.toString())
  return cursor
}

function contextOf(list: ListIdentity): string {
  const inputs = createHash('sha256').update(JSON.stringify(list.inputs)).digest('base64')
  return `paging/1/${list.operation}/${inputs}`
}
