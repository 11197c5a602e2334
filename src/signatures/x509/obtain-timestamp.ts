// Purpose:  get a timestamp over a signature, and hold it to the roots that are trusted for it.
// Spec:     RFC 3161 section 2.4; Notary Project signature-specification.md, timestamp signature.
// Input:    authorities as functions that somebody else binds to the network; their answers are hostile.
// Deviates: nothing.
// Unknowns: a token that those who verify would refuse is none; where no authority gives one, each one's reason.
import { isSame, type Certificate } from './certificate.ts'
import { readDer, readInteger } from './der.ts'
import { integer } from './der-writer.ts'
import type { HashName } from './signature-algorithm.ts'
import { readTimestampAnswer, writeTimestampRequest } from './timestamp-protocol.ts'
import { verifyTimestampToken } from './timestamp-token.ts'

/** Where one query goes, and what comes back; rejects or tells where nothing does. */
export interface TimestampAuthority {
  /** As messages name it. */
  readonly name: string
  readonly ask: (
    query: Uint8Array,
  ) => Promise<
    | { readonly kind: 'answer'; readonly bytes: Uint8Array }
    | { readonly kind: 'failed'; readonly reason: string }
  >
}

export interface Timestamping {
  /** In this order, until one gives a token. */
  readonly authorities: readonly TimestampAuthority[]
  /** Self-signed certificates. */
  readonly roots: () => Promise<readonly Certificate[]>
  /** Random bytes. */
  readonly nonce: () => Uint8Array
}

export type Stamped =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'none'; readonly reason: string }

/** A token over `signature` that the roots vouch for, of the first authority that gives one. */
export async function obtainTimestamp(
  { authorities, roots, nonce }: Timestamping,
  signature: Uint8Array,
  hash: HashName,
): Promise<Stamped> {
  const reasons: string[] = []
  for (const authority of authorities) {
    const asked = nonce()
    const answered = await authority.ask(writeTimestampRequest(signature, { hash, nonce: asked }))
    // The roots behind the answer: the installation's own are made with its first one.
    const token =
      answered.kind === 'failed'
        ? answered.reason
        : tokenIn(answered.bytes, { signature, nonce: asked, roots: await roots() })
    if (typeof token !== 'string') return { kind: 'token', token }
    reasons.push(`${authority.name}: ${token}`)
  }
  return { kind: 'none', reason: reasons.join('; ') }
}

/** Or why there is none. */
function tokenIn(
  bytes: Uint8Array,
  asked: {
    readonly signature: Uint8Array
    readonly nonce: Uint8Array
    readonly roots: readonly Certificate[]
  },
): Uint8Array | string {
  const answer = readTimestampAnswer(bytes)
  if (answer.kind === 'refused') return answer.reason
  const { roots, signature } = asked
  const verified = verifyTimestampToken(answer.token, signature, { roots, strictExtensions: false })
  if (verified.kind !== 'timestamp') return verified.detail
  const { nonce } = verified.timestamp
  // Without it an old answer over the same signature could come back.
  if (nonce === undefined || !isSame(nonce, readInteger(readDer(integer(asked.nonce)))))
    return 'the timestamp is of another request'
  return answer.token
}
