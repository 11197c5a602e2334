// Purpose:  is a certificate of this chain revoked, by the answers that are at hand? And which answers are wanted?
// Spec:     Notary Project trust-store-trust-policy.md, certificate revocation evaluation; RFC 5280 section 6.3; RFC 6960.
// Input:    a chain that is anchored in a trust store, and bytes that the caller fetched; the bytes are hostile.
// Deviates: an address that is not plain http is not asked; lists by a certificate's own freshestCRL are not supported, as in notation.
// Unknowns: an answer that is missing, late or unusable → 'unknown', never "not revoked".
import { isTemporary, readCrl, type RevocationEntry, type RevocationList } from './crl.ts'
import { thumbprintOf, type Certificate } from './certificate.ts'
import { shownName } from './chain-rules.ts'
import { makeOcspRequest, readOcspAnswer } from './ocsp.ts'
import { oids } from './object-identifiers.ts'

/** Clocks of authorities may be ahead of ours by this many milliseconds. */
const tolerance = 5 * 60_000

/** What a caller fetches, or finds in a bundle, and hands back under `key`. */
export interface WantedAnswer {
  readonly key: string
  readonly method: 'ocsp' | 'crl'
  readonly url: string
  /** Of OCSP: the request's bytes. */
  readonly request?: Uint8Array
}

/** By the keys of WantedAnswer; one that is missing was not asked yet, and counts as 'unavailable'. */
export type RevocationAnswers = ReadonlyMap<string, Uint8Array | 'unavailable'>

export type RevocationJudgement =
  | {
      /** `validUntil` is when the first of the answers has ended; undefined where no certificate can be revoked. */
      readonly kind: 'good'
      readonly validUntil?: number
      readonly detail: string
    }
  | { readonly kind: 'revoked'; readonly since: number; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string }

interface Pair {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

interface Context {
  readonly answers: RevocationAnswers
  readonly now: number
  /** When it was signed, where an authority says so. */
  readonly signedAt?: number
}

/**
 * Every answer that a judgement of this chain would read and that is not at hand. A list may name its delta, so that there can
 * be more to ask for once it is there.
 */
export function wantedAnswers(
  chain: readonly Certificate[],
  answers: RevocationAnswers,
): readonly WantedAnswer[] {
  const wanted = pairsOf(chain).flatMap((pair) => [
    ...pair.certificate.ocspUrls.filter(isAskable).map((url) => ocspWanted(pair, url)),
    ...pair.certificate.crlUrls
      .filter(isAskable)
      .flatMap((url) => [crlWanted(url), ...deltasOf(pair, url, answers).map(crlWanted)]),
  ])
  const byKey = new Map(wanted.map((one) => [one.key, one]))
  return [...byKey.values()].filter(({ key }) => !answers.has(key))
}

/** `https` would need what it is asked about: a certificate that is not revoked. */
function isAskable(url: string): boolean {
  return url.length <= 2048 && URL.canParse(url) && new URL(url).protocol === 'http:'
}

function ocspWanted(pair: Pair, url: string): WantedAnswer {
  const key = `ocsp ${thumbprintOf(pair.certificate)} ${url}`
  return { key, method: 'ocsp', url, request: makeOcspRequest(pair) }
}

function crlWanted(url: string): WantedAnswer {
  return { key: `crl ${url}`, method: 'crl', url }
}

function deltasOf(pair: Pair, url: string, answers: RevocationAnswers): readonly string[] {
  const bytes = answers.get(crlWanted(url).key)
  if (bytes === undefined || bytes === 'unavailable') return []
  const base = readCrl(bytes, { ...pair, url })
  return base.kind === 'list' ? base.list.deltaUrls.filter(isAskable) : []
}

/** Root to leaf, as the specification says; the root itself cannot be revoked by anybody. */
function pairsOf(chain: readonly Certificate[]): readonly Pair[] {
  return chain
    .flatMap((certificate, index) => {
      const issuer = chain[index + 1]
      return issuer === undefined ? [] : [{ certificate, issuer }]
    })
    .toReversed()
}

/** Any revoked → revoked; else any unknown → unknown. */
export function judgeRevocation(
  chain: readonly Certificate[],
  context: Context,
): RevocationJudgement {
  const judged = pairsOf(chain).map((pair) => judgePair(pair, context))
  const worst =
    judged.find(({ kind }) => kind === 'revoked') ?? judged.find(({ kind }) => kind === 'unknown')
  if (worst !== undefined) return worst
  const ends = judged.flatMap((one) =>
    one.kind === 'good' && one.validUntil !== undefined ? [one.validUntil] : [],
  )
  return ends.length === 0
    ? { kind: 'good', detail: 'no certificate says where its revocation could be asked for' }
    : {
        kind: 'good',
        validUntil: Math.min(...ends),
        detail: 'no certificate of the chain is revoked',
      }
}

/** OCSP first; the lists when it does not say. */
function judgePair(pair: Pair, context: Context): RevocationJudgement {
  const { ocspUrls, crlUrls } = pair.certificate
  if (ocspUrls.length === 0 && crlUrls.length === 0)
    return { kind: 'good', detail: 'it has neither OCSP nor a list' }
  const ocsp = ocspUrls.length === 0 ? undefined : judgeByOcsp(pair, context)
  if (ocsp !== undefined && (ocsp.kind !== 'unknown' || crlUrls.length === 0)) return ocsp
  const lists = judgeByLists(pair, context)
  return lists.kind === 'unknown' && ocsp !== undefined
    ? { kind: 'unknown', detail: `${ocsp.detail}; ${lists.detail}` }
    : lists
}

function unknown({ certificate }: Pair, why: string): RevocationJudgement {
  return { kind: 'unknown', detail: `of ${shownName(certificate)} it is not known: ${why}` }
}

function bytesFor(
  { key, url, method }: WantedAnswer,
  { answers }: Context,
): Uint8Array | { readonly missing: string } {
  if (!isAskable(url)) return { missing: `${url.slice(0, 200)} is no http address` }
  const bytes = answers.get(key)
  if (bytes === undefined) return { missing: `${url} was not asked (${method})` }
  return bytes === 'unavailable' ? { missing: `${url} could not be reached (${method})` } : bytes
}

function faultOfTimes(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number },
  now: number,
): string | undefined {
  if (thisUpdate > now + tolerance) return 'is from the future'
  return now > nextUpdate ? `ended at ${new Date(nextUpdate).toISOString()}` : undefined
}

/** The first address that answers usably. */
function judgeByOcsp(pair: Pair, context: Context): RevocationJudgement {
  const faults: string[] = []
  for (const url of pair.certificate.ocspUrls) {
    const bytes = bytesFor(ocspWanted(pair, url), context)
    if ('missing' in bytes) {
      faults.push(bytes.missing)
      continue
    }
    const read = readOcspAnswer(bytes, pair, context.now)
    const fault = read.kind === 'unusable' ? read.detail : faultOfTimes(read.answer, context.now)
    if (read.kind === 'answer' && fault === undefined)
      return judgeEntry(pair, read.answer.entry, context, read.answer.nextUpdate + 1)
    faults.push(
      read.kind === 'unusable' ? `${url}: ${read.detail}` : `${url}: the answer ${fault ?? ''}`,
    )
  }
  return unknown(pair, faults.join('; '))
}

/** All addresses must say so: lists may be about some reasons or certificates only. */
function judgeByLists(pair: Pair, context: Context): RevocationJudgement {
  let validUntil = Number.POSITIVE_INFINITY
  let fault: RevocationJudgement | undefined
  for (const url of pair.certificate.crlUrls) {
    const judged = judgeByList(pair, url, context)
    if (judged.kind === 'revoked') return judged
    if (judged.kind === 'unknown') fault ??= judged
    else validUntil = Math.min(validUntil, judged.validUntil ?? validUntil)
  }
  return fault ?? { kind: 'good', validUntil, detail: 'no list names it' }
}

function judgeByList(pair: Pair, url: string, context: Context): RevocationJudgement {
  const base = listAt(pair, url, context)
  if ('kind' in base) return base
  if (base.deltaOf !== undefined) return unknown(pair, `${url} is a delta without its base`)
  const isLate = faultOfTimes(base, context.now)
  // Who was revoked for good when a list was current stays revoked after it.
  if (isLate !== undefined && (base.entry === undefined || isTemporary(base.entry)))
    return unknown(pair, `the list of ${url} ${isLate}`)
  const entries = [base.entry]
  let validUntil = base.nextUpdate
  for (const deltaUrl of base.deltaUrls) {
    const delta = listAt(pair, deltaUrl, context)
    if ('kind' in delta) return delta
    const fault = faultOfDelta(base, delta) ?? faultOfTimes(delta, context.now)
    if (fault !== undefined) return unknown(pair, `the delta list of ${deltaUrl} ${fault}`)
    entries.push(delta.entry)
    validUntil = Math.min(validUntil, delta.nextUpdate)
  }
  const hasOwnDelta = pair.certificate.extensions.has(oids.freshestCrl)
  if (hasOwnDelta && base.deltaUrls.length === 0)
    return unknown(pair, 'the certificate names a delta list that its list does not name')
  return judgeEntry(pair, strongest(entries), context, validUntil + 1)
}

function listAt(pair: Pair, url: string, context: Context): RevocationList | RevocationJudgement {
  const bytes = bytesFor(crlWanted(url), context)
  if ('missing' in bytes) return unknown(pair, bytes.missing)
  const read = readCrl(bytes, { ...pair, url })
  return read.kind === 'list' ? read.list : unknown(pair, `${url}: ${read.detail}`)
}

function faultOfDelta(base: RevocationList, delta: RevocationList): string | undefined {
  if (delta.deltaOf === undefined) return 'is no delta'
  if (base.number === undefined || delta.number === undefined) return 'or its base has no number'
  if (delta.deltaOf > base.number)
    return `continues list ${delta.deltaOf}, and ${base.number} is here`
  return delta.number > base.number ? undefined : 'is not newer than its base'
}

/** A revocation for good counts before everything; of holds and their ends the newest. */
function strongest(entries: readonly (RevocationEntry | undefined)[]): RevocationEntry | undefined {
  const known = entries.filter((entry) => entry !== undefined)
  return (
    known.find((entry) => !isTemporary(entry)) ??
    known.toSorted((one, other) => other.revokedAt - one.revokedAt)[0]
  )
}

function judgeEntry(
  { certificate }: Pair,
  entry: RevocationEntry | undefined,
  { signedAt }: Context,
  validUntil: number,
): RevocationJudgement {
  if (entry === undefined || entry.reason === 8)
    return { kind: 'good', validUntil, detail: 'it is not revoked' }
  const { invalidityDate, revokedAt, reason } = entry
  // Made before the key was lost, by the word of an authority: this signature stays good.
  if (invalidityDate !== undefined && signedAt !== undefined && signedAt < invalidityDate)
    return { kind: 'good', validUntil, detail: 'it was revoked for a time after the signature' }
  return {
    kind: 'revoked',
    since: revokedAt,
    detail: `${shownName(certificate)} is revoked since ${new Date(revokedAt).toISOString()} (reason ${reason})`,
  }
}
