// Purpose:  get a timestamp over a signature that was made here, and hold it to the roots that are trusted for it.
// Spec:     RFC 3161; Notary Project signature-specification.md, timestamp signature.
// Input:    a setting: the installation's own authority, or addresses of others with their roots; their answers are hostile.
// Deviates: nothing.
// Unknowns: a token that those who verify would refuse is none; without one it goes on as the setting says.
import type { OutboundFetch } from '../lib/outbound-fetch.ts'
import { isSame, type Certificate } from '../signatures/x509/certificate.ts'
import { readInteger, readDer } from '../signatures/x509/der.ts'
import { integer } from '../signatures/x509/der-writer.ts'
import type { HashName } from '../signatures/x509/signature-algorithm.ts'
import {
  readTimestampAnswer,
  timestampQueryType,
  writeTimestampRequest,
} from '../signatures/x509/timestamp-protocol.ts'
import { verifyTimestampToken } from '../signatures/x509/timestamp-token.ts'
import { signingError } from './errors.ts'

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

const maxAnswerBytes = 64 * 1024
const answerTimeoutMs = 10_000

/** One that is asked over http or https. */
export function remoteAuthority(
  fetch: OutboundFetch,
  url: string,
  { allowPrivateNetwork }: { readonly allowPrivateNetwork: boolean },
): TimestampAuthority {
  const isHttp = url.startsWith('http:')
  return {
    name: url,
    async ask(bytes) {
      const limits = {
        allowPrivateNetwork,
        maxBytes: maxAnswerBytes,
        timeoutMs: answerTimeoutMs,
        post: { type: timestampQueryType, bytes },
        ...(isHttp ? { isPlain: true as const } : {}),
      }
      const signal = AbortSignal.timeout(answerTimeoutMs)
      const answer = await fetch(url, limits, { signal })
      return answer.kind === 'document'
        ? { kind: 'answer', bytes: answer.bytes }
        : { kind: 'failed', reason: answer.reason }
    },
  }
}

/** What signing does with it. */
export interface TimestampPolicy {
  readonly timestamping: Timestamping
  readonly ifAway: 'fail' | 'omit'
  /** Told each time a signature goes without. */
  readonly onOmitted: (reason: string) => void
}

/** For `signNotation`: a token, none where the policy lets it go, or SIGNING_TIMESTAMP_UNAVAILABLE. */
export async function stampBy(
  { timestamping, ifAway, onOmitted }: TimestampPolicy,
  signature: Uint8Array,
  hash: HashName,
): Promise<Uint8Array | undefined> {
  const stamped = await obtainTimestamp(timestamping, signature, hash)
  if (stamped.kind === 'token') return stamped.token
  const message = `no timestamp authority gave a timestamp: ${stamped.reason}`
  if (ifAway === 'fail') throw signingError('SIGNING_TIMESTAMP_UNAVAILABLE', message)
  onOmitted(message)
  return undefined
}
