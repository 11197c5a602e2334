// What authorities said of revoked certificates, carried into a network from which none of them is reached.
import type { Clock } from '../lib/clock.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { trustError } from './errors.ts'
import {
  findRevocationAnswer,
  listRevocationAnswers,
  writeRevocationAnswer,
} from './revocation-store.ts'
import { subjectTime, type VerifierOptions } from './rules/verifier.ts'

/** One answer as it is carried: `key` names what was asked, `bytes` is base64, `fetchedAt` an instant. */
export interface RevocationDatum {
  readonly key: string
  readonly fetchedAt: string
  readonly bytes: string
}

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly mayReplaceCrl: (
    lists: { readonly bytes: Uint8Array; readonly known: Uint8Array },
    options: VerifierOptions,
  ) => Promise<boolean>
}

/** 8 MiB each at most. */
const listedAtOnce = 4
const maxBytes = { crl: 8 * 1024 * 1024, ocsp: 64 * 1024 } as const
const keyForm = /^(?:(crl)|(ocsp) [0-9a-f]{64}) http:\/\/[!-~]{1,2048}$/
/** Milliseconds for comparing two lists. */
const comparingMs = 5000

/** Everything that is kept, in the order of keys. */
export async function* listRevocationData(reader: SqlReader): AsyncGenerator<RevocationDatum> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await listRevocationAnswers(reader, { after, limit: listedAtOnce })
    for (const { key, fetchedAt, bytes } of page)
      yield {
        key,
        fetchedAt: fetchedAt.toISOString(),
        bytes: Buffer.from(bytes).toString('base64'),
      }
    after = page.at(-1)?.key
  }
}

/**
 * Takes an answer, unless a newer one of the same is kept. What it says counts only where its authority has signed it, which is
 * judged when it is used: nobody is trusted for having brought it. Rejects with TRUST_REVOCATION_INVALID.
 */
export async function putRevocationDatum(
  deps: Deps,
  input: RevocationDatum,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly name: string; readonly isTaken: boolean }> {
  const { database, clock } = deps
  const { key, bytes, fetchedAt, method } = read(input)
  const known = await findRevocationAnswer(database, key)
  if (method === 'crl') {
    const options = { signal, time: subjectTime(comparingMs) }
    // A list may take its own place, and what is no list may take none.
    if (!(await deps.mayReplaceCrl({ bytes, known: bytes }, options)))
      throw invalid('the bytes are no revocation list (DER, or PEM)')
    if (known !== undefined && !(await deps.mayReplaceCrl({ bytes, known: known.bytes }, options)))
      return { name: key, isTaken: false }
  } else if (known !== undefined && known.fetchedAt >= fetchedAt)
    return { name: key, isTaken: false }
  const at = new Date(Math.min(fetchedAt.getTime(), clock.now().getTime()))
  await database.transaction((tx) => writeRevocationAnswer(tx, key, bytes, at))
  return { name: key, isTaken: true }
}

function read({ key, bytes: text, fetchedAt: at }: RevocationDatum): {
  readonly key: string
  readonly method: 'crl' | 'ocsp'
  readonly bytes: Uint8Array
  readonly fetchedAt: Date
} {
  const form = keyForm.exec(key)
  if (form === null)
    throw invalid('key must be "crl URL" or "ocsp THUMBPRINT URL", with an address of plain http')
  const method = form[1] === undefined ? 'ocsp' : 'crl'
  const fetchedAt = new Date(at)
  if (Number.isNaN(fetchedAt.getTime())) throw invalid('fetchedAt must be an instant')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0) throw invalid('bytes must be base64')
  if (bytes.length > maxBytes[method])
    throw invalid(`an answer of this kind has at most ${maxBytes[method]} bytes`)
  return { key, method, bytes, fetchedAt }
}

function invalid(message: string): Error {
  return trustError('TRUST_REVOCATION_INVALID', message)
}
