// Who stamps the time of signatures that are made here, and what becomes of a signature when nobody does.
import type { Clock } from '../lib/clock.ts'
import type { OutboundFetch } from '../lib/outbound-fetch.ts'
import {
  obtainTimestamp,
  type TimestampAuthority,
  type Timestamping,
} from '../signatures/x509/obtain-timestamp.ts'
import type { HashName } from '../signatures/x509/signature-algorithm.ts'
import { timestampQueryType } from '../signatures/x509/timestamp-protocol.ts'
import { signingError } from './errors.ts'

const maxAnswerBytes = 64 * 1024
const answerTimeoutMs = 5000
/** Who did not answer is left alone for so long: pushes that wait to be signed do not each wait for it. */
const restMs = 60_000

/** One that is asked over http or https. */
export function remoteAuthority(
  fetch: OutboundFetch,
  url: string,
  { allowPrivateNetwork, clock }: { readonly allowPrivateNetwork: boolean; readonly clock: Clock },
): TimestampAuthority {
  const isHttp = url.startsWith('http:')
  let restsUntil = 0
  return {
    name: url,
    async ask(bytes) {
      if (clock.now().getTime() < restsUntil)
        return { kind: 'failed', reason: 'it did not answer a moment ago' }
      const limits = {
        allowPrivateNetwork,
        maxBytes: maxAnswerBytes,
        timeoutMs: answerTimeoutMs,
        post: { type: timestampQueryType, bytes },
        ...(isHttp ? { isPlain: true as const } : {}),
      }
      const signal = AbortSignal.timeout(answerTimeoutMs)
      const answer = await fetch(url, limits, { signal })
      if (answer.kind === 'document') return { kind: 'answer', bytes: answer.bytes }
      restsUntil = clock.now().getTime() + restMs
      return { kind: 'failed', reason: answer.reason }
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
