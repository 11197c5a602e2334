// Purpose:  are the log entries and time stamps of a signature true, and about this signature?
// Spec:     sigstore client specification: "Transparency log entry", "Timestamping"; RFC 6962 proofs, RFC 3161 (by @sigstore/verify).
// Input:    a signature as read; hostile. The trusted root.
// Deviates: a threshold counts distinct logs, where the library counts entries; a log whose time is over proves nothing, with a proof as with a promise.
// Unknowns: one entry or stamp that is wrong → the whole signature fails, as the specification wants it.
import { createHash } from 'node:crypto'
import { RFC3161Timestamp } from '@sigstore/core'
import { VerificationError, Verifier, type SignedEntity } from '@sigstore/verify'
import type { UnverifiedSignature } from './candidate.ts'
import type { Failure } from './check-list.ts'
import type { SigstoreRoot, TransparencyLog } from './trusted-root.ts'

/** Milliseconds since the epoch, as its source says. */
export interface ProvenTime {
  readonly at: number
  readonly source: 'timestamp' | 'transparency-log'
  /** Two of one source count once. */
  readonly from: string
}

export type Timestamps = SignedEntity['timestamps']
export type SignatureContent = SignedEntity['signature']

/** What the library compares with log entries and time stamps. `verifies`: whether a key made the signature. */
export function contentOf(
  { signed, payload, signature, stamped }: UnverifiedSignature,
  verifies: SignatureContent['verifySignature'],
): SignatureContent {
  return {
    signature: stamped,
    compareSignature: (other) => signature.equals(other),
    // Of an envelope Rekor keeps the hash of the payload, and Rekor v2 that of all that is signed: either fixes the payload.
    compareDigest: (digest) =>
      [signed, payload].some((bytes) => hashLike(bytes, digest)?.equals(digest) === true),
    verifySignature: verifies,
  }
}

const hashNames: Readonly<Record<number, string>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' }

/** By the function whose hashes are as long. */
function hashLike(bytes: Buffer, { byteLength }: Buffer): Buffer | undefined {
  const name = hashNames[byteLength]
  return name === undefined ? undefined : createHash(name).update(bytes).digest()
}

export type LogReading =
  | { readonly kind: 'logs'; readonly logs: readonly TransparencyLog[] }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** Each entry by itself, against the one log that it names: the library would take any log's word for it. */
export function verifyLogEntries(
  signature: UnverifiedSignature,
  root: SigstoreRoot,
  content: SignatureContent,
): LogReading {
  const logs: TransparencyLog[] = []
  for (const entry of signature.logEntries) {
    const id = entry.logId?.keyId.toString('hex') ?? ''
    const log = root.logs.find(({ ids }) => ids.includes(id))
    if (log === undefined)
      return failed(
        'untrusted',
        `the log ${id.slice(0, 16)}… is none of the trusted root "${root.name}"`,
      )
    const fault = faultOfEntry(entry, log, root, content)
    if (fault !== undefined) return failed('invalid', fault)
    logs.push(log)
  }
  return { kind: 'logs', logs }
}

function failed(result: 'untrusted' | 'invalid', detail: string): LogReading {
  return { kind: 'failed', failure: { result, reason: 'transparency', detail } }
}

type LogEntry = UnverifiedSignature['logEntries'][number]

function faultOfEntry(
  entry: LogEntry,
  { address, verifier }: TransparencyLog,
  root: SigstoreRoot,
  content: SignatureContent,
): string | undefined {
  const material = {
    ...root.material,
    tlogs: [verifier],
    // Whether a key of ours signed is asked elsewhere; here it is whether the log says what the signature says.
    publicKey: () => ({ publicKey: verifier.publicKey, validFor: () => true }),
  }
  const isOfEntryOnly: SignatureContent = { ...content, verifySignature: () => true }
  try {
    new Verifier(material, { tlogThreshold: 1, timestampThreshold: 0 }).verify({
      signature: isOfEntryOnly,
      key: { $case: 'public-key', hint: '' },
      timestamps: [],
      tlogEntries: [entry],
    })
    return undefined
  } catch (error) {
    return `the entry of the log ${address} is not true of this signature: ${messageOf(error)}`
  }
}

export type TimesReading =
  | {
      readonly kind: 'times'
      readonly times: readonly ProvenTime[]
      /** For the library, which verifies the stamps. */
      readonly timestamps: Timestamps
    }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** The times that the signature claims; those of log entries are proven where the log's promise is. */
export function readTimes({ logEntries, timestamps }: UnverifiedSignature): TimesReading {
  const times: ProvenTime[] = []
  const given: Timestamps = []
  for (const entry of logEntries) {
    const seconds = Number(entry.integratedTime)
    // Without a promise nobody vouches for the time; Rekor v2 gives none.
    if (entry.inclusionPromise === undefined || !(seconds > 0)) continue
    times.push({
      at: seconds * 1000,
      source: 'transparency-log',
      from: entry.logId.keyId.toString('hex'),
    })
    given.push({ $case: 'transparency-log', tlogEntry: entry })
  }
  for (const token of timestamps) {
    try {
      const timestamp = RFC3161Timestamp.parse(Buffer.from(token))
      const signer = Buffer.concat([timestamp.signerIssuer, timestamp.signerSerialNumber])
      const from = createHash('sha256').update(signer).digest('hex')
      times.push({ at: timestamp.signingTime.getTime(), source: 'timestamp', from })
      given.push({ $case: 'timestamp-authority', timestamp })
    } catch {
      const detail = 'a time stamp is no RFC 3161 response with a signed token'
      return { kind: 'failed', failure: { result: 'invalid', reason: 'timestamp', detail } }
    }
  }
  return { kind: 'times', times, timestamps: given }
}

/** The earliest time that somebody vouches for: the signature was there by then. */
export function earliestOf(times: readonly ProvenTime[]): ProvenTime | undefined {
  return times.toSorted((a, b) => a.at - b.at)[0]
}

/** A log is believed for the time in which it was run, whatever its key can still sign. */
export function faultOfLogWindows(
  logs: readonly TransparencyLog[],
  times: readonly ProvenTime[],
): string | undefined {
  const over = logs.find(({ verifier: { validFor } }) =>
    times.some(({ at }) => at < validFor.start.getTime() || at > validFor.end.getTime()),
  )
  return over === undefined
    ? undefined
    : `the log ${over.address} is not trusted for the time of the signature`
}

export function distinctLogs(logs: readonly TransparencyLog[]): number {
  const keys = logs.map(({ verifier }) =>
    verifier.publicKey.export({ type: 'spki', format: 'der' }).toString('hex'),
  )
  return new Set(keys).size
}

export function distinctSources(times: readonly ProvenTime[]): number {
  return new Set(times.map(({ source, from }) => `${source} ${from}`)).size
}

/** An error of the library's own says what it found; any other was met in bytes that have not the form they should have. */
export function messageOf(error: unknown): string {
  return error instanceof VerificationError ? error.message : 'it cannot be read'
}

/** Times in hostile bytes may be none. */
export function dateText(time: Date | number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? 'a time that is none' : date.toISOString()
}
