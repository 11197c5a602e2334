// What authorities say of revoked certificates: fetched for signers that a policy trusts, and kept.
import type { AllowedPlaces } from '../lib/allowed-places.ts'
import type { Clock } from '../lib/clock.ts'
import type { OutboundFetch } from '../lib/outbound-fetch.ts'
import type { WantedAnswer } from '../signatures/x509/revocation.ts'
import type { Database } from '../storage/database/database.ts'
import { findRevocationAnswer, writeRevocationAnswer } from './revocation-store.ts'
import type { VerifierOptions } from './rules/verifier.ts'
import type { RevocationSource } from './rules/verify-in-steps.ts'

/** An answer is taken for so long before it is asked again; what it is worth its own times say. */
const freshMs = 3_600_000
/** Who does not answer is left alone for so long: a sweep over a thousand images asks once. */
const restMs = 60_000
const maxResting = 1000
const limits = {
  ocsp: { maxBytes: 64 * 1024, timeoutMs: 2000 },
  crl: { maxBytes: 8 * 1024 * 1024, timeoutMs: 5000 },
} as const

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly fetch: OutboundFetch
  /** Private addresses are asked nothing, but these. */
  readonly places: AllowedPlaces
  /** Whether a list may take the place of the one that is known; it takes as long as the lists are. */
  readonly mayReplaceCrl: (
    lists: { readonly bytes: Uint8Array; readonly known: Uint8Array },
    options: VerifierOptions,
  ) => Promise<boolean>
}

/**
 * Nothing is fetched for a signer that the policy does not trust: the addresses in a stranger's chain are the stranger's to choose.
 * Where nobody answers, or with a list that is older, the last answer counts as long as its own times allow.
 */
export function keptAnswers(deps: Deps): RevocationSource['answerTo'] {
  const resting = new Map<string, number>()
  return (wanted, options) => answerTo(deps, wanted, resting, options)
}

async function answerTo(
  deps: Deps,
  wanted: WantedAnswer,
  resting: Map<string, number>,
  options: VerifierOptions,
): Promise<Uint8Array | 'unavailable'> {
  const { database, clock } = deps
  const { key, url } = wanted
  const known = await findRevocationAnswer(database, key)
  const now = clock.now()
  if (known !== undefined && now.getTime() - known.fetchedAt.getTime() < freshMs) return known.bytes
  const last = known?.bytes ?? 'unavailable'
  if (now.getTime() < (resting.get(url) ?? 0)) return last
  const bytes = await ask(deps, wanted)
  const before = known?.bytes
  if (bytes !== undefined && (await mayReplace(deps, { wanted, bytes, before }, options))) {
    await database.transaction((tx) => writeRevocationAnswer(tx, key, bytes, now))
    return bytes
  }
  if (resting.size >= maxResting) resting.clear()
  resting.set(url, now.getTime() + restMs)
  return last
}

async function ask(
  { fetch, places }: Deps,
  { method, url, request }: WantedAnswer,
): Promise<Uint8Array | undefined> {
  const post =
    request === undefined ? {} : { post: { type: 'application/ocsp-request', bytes: request } }
  const asked = {
    ...limits[method],
    allowPrivateNetwork: false,
    allowedPlaces: places,
    isPlain: true,
    ...post,
  } as const
  const answer = await fetch(url, asked, { signal: AbortSignal.timeout(asked.timeoutMs) })
  return answer.kind === 'document' ? answer.bytes : undefined
}

/** Whoever sits on the way could bring back the list from before a revocation. */
async function mayReplace(
  { mayReplaceCrl }: Deps,
  answer: {
    readonly wanted: WantedAnswer
    readonly bytes: Uint8Array
    readonly before: Uint8Array | undefined
  },
  options: VerifierOptions,
): Promise<boolean> {
  const { wanted, bytes, before } = answer
  if (wanted.method !== 'crl' || before === undefined) return true
  return mayReplaceCrl({ bytes, known: before }, options)
}
