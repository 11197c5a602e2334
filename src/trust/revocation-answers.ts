// What authorities say of revoked certificates: fetched for signers that a policy trusts, and kept.
import type { Clock } from '../lib/clock.ts'
import type { OutboundFetch } from '../lib/outbound-fetch.ts'
import type { AwsRevocationQuestion, AwsSignerAnswer } from '../signatures/notation/aws-signer.ts'
import type { IssuerWord } from '../signatures/notation/issuer-word.ts'
import { wantedRevocation } from '../signatures/notation/wanted-revocation.ts'
import type { Certificate } from '../signatures/x509/certificate.ts'
import { mayReplaceCrl } from '../signatures/x509/crl.ts'
import type { WantedAnswer } from '../signatures/x509/revocation.ts'
import type { Database } from '../storage/database/database.ts'
import { findRevocationAnswer, writeRevocationAnswer } from './revocation-store.ts'
import type { RevocationOf } from './rules/signature-verifier.ts'

/** A list may name its delta: so often it is looked again what is wanted. */
const maxRounds = 3
/** Of one signature. */
const maxAnswers = 12
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
  /** What this installation knows of what it signed itself. */
  readonly askSigner: (question: AwsRevocationQuestion) => Promise<AwsSignerAnswer>
  /** What it knows of a certificate that it issued; undefined of a stranger's. */
  readonly askIssuer: (certificate: Certificate) => Promise<IssuerWord | undefined>
}

/**
 * Nothing is fetched for a signer that the policy does not trust: the addresses in a stranger's chain are the stranger's to choose.
 * Where nobody answers, or with a list that is older, the last answer counts as long as its own times allow.
 */
export function fetchingRevocation(deps: Deps): RevocationOf {
  const resting = new Map<string, number>()
  return async (input) => {
    const answers = new Map<string, Uint8Array | 'unavailable'>()
    let question: AwsRevocationQuestion | undefined
    const { leaf } = wantedRevocation({ ...input, revocation: { answers } })
    const issuer = leaf === undefined ? undefined : await deps.askIssuer(leaf)
    const known = issuer === undefined ? {} : { issuer }
    for (let round = 0; round < maxRounds; round += 1) {
      const wanted = wantedRevocation({ ...input, revocation: { answers, ...known } })
      question = wanted.awsSigner
      if (wanted.answers.length === 0) break
      for (const one of wanted.answers)
        answers.set(
          one.key,
          answers.size >= maxAnswers ? 'unavailable' : await answerTo(deps, one, resting),
        )
    }
    return question === undefined
      ? { answers, ...known }
      : { answers, awsSigner: await deps.askSigner(question) }
  }
}

async function answerTo(
  { database, clock, fetch }: Deps,
  wanted: WantedAnswer,
  resting: Map<string, number>,
): Promise<Uint8Array | 'unavailable'> {
  const { key, url } = wanted
  const known = await findRevocationAnswer(database, key)
  const now = clock.now()
  if (known !== undefined && now.getTime() - known.fetchedAt.getTime() < freshMs) return known.bytes
  const last = known?.bytes ?? 'unavailable'
  if (now.getTime() < (resting.get(url) ?? 0)) return last
  const bytes = await ask(fetch, wanted)
  if (bytes !== undefined && mayReplace(wanted, bytes, known?.bytes)) {
    await database.transaction((tx) => writeRevocationAnswer(tx, key, bytes, now))
    return bytes
  }
  if (resting.size >= maxResting) resting.clear()
  resting.set(url, now.getTime() + restMs)
  return last
}

async function ask(
  fetch: OutboundFetch,
  { method, url, request }: WantedAnswer,
): Promise<Uint8Array | undefined> {
  const post =
    request === undefined ? {} : { post: { type: 'application/ocsp-request', bytes: request } }
  const asked = { ...limits[method], allowPrivateNetwork: false, isPlain: true, ...post } as const
  const answer = await fetch(url, asked, { signal: AbortSignal.timeout(asked.timeoutMs) })
  return answer.kind === 'document' ? answer.bytes : undefined
}

/** Whoever sits on the way could bring back the list from before a revocation. */
function mayReplace(
  { method }: WantedAnswer,
  bytes: Uint8Array,
  known: Uint8Array | undefined,
): boolean {
  return method !== 'crl' || known === undefined || mayReplaceCrl(bytes, known)
}
