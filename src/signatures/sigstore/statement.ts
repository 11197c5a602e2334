// Purpose:  what a signed statement is about, and what it says.
// Spec:     in-toto attestation framework: Statement v1 and v0.1; payload type application/vnd.in-toto+json.
// Input:    the payload of an envelope whose signature has been verified, as the very bytes that were signed.
// Deviates: subjects count by sha256 and sha512 of the image alone; names and addresses of subjects mean nothing for trust.
// Unknowns: another payload type or statement type, no subject, upper-case hex, more than 1024 subjects → refused; more keys than are read → limit.
import { isRecord, readAnnotations } from '../../oci/descriptor.ts'
import { algorithmOf, parseDigest, type Digest } from '../../oci/digest.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { inTotoType } from './media-types.ts'

export interface Statement {
  readonly subjects: readonly StatementSubject[]
  readonly predicateType: string
  readonly predicate: unknown
}

export interface StatementSubject {
  readonly digest: Digest
  /** What the signer says of it; those with a text. */
  readonly annotations: Readonly<Record<string, string>>
}

export type StatementReading =
  | { readonly kind: 'statement'; readonly statement: Statement }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'limit'; readonly detail: string }

const statementTypes = new Set([
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
])
const members = ['_type', 'subject', 'predicateType', 'predicate']
const maxSubjects = 1024
const maxTypeLength = 1024

export function readStatement(payload: Uint8Array, payloadType: string): StatementReading {
  if (payloadType !== inTotoType)
    return refused(`the payload is ${JSON.stringify(payloadType.slice(0, 200))}, not ${inTotoType}`)
  const json = parseStrictJson(payload, [])
  if (json.kind === 'refused')
    return refused(
      `the statement ${json.reason}`,
      json.isBeyondLimit === true ? 'limit' : 'malformed',
    )
  return isRecord(json.value)
    ? readMembers(json.value)
    : refused('the statement is not a JSON object')
}

function readMembers(body: Readonly<Record<string, unknown>>): StatementReading {
  const { _type: type, predicateType, subject, predicate } = body
  const variant = Object.keys(body).find(
    // In upper case, where a long s (U+017F) is an S, as it is to Go.
    (key) => members.some((name) => key !== name && key.toUpperCase() === name.toUpperCase()),
  )
  if (variant !== undefined) return refused(`the statement has the member ${variant}`)
  if (typeof type !== 'string' || !statementTypes.has(type))
    return refused(`the statement is of the type ${JSON.stringify(type)?.slice(0, 200) ?? 'none'}`)
  if (typeof predicateType !== 'string' || predicateType.length > maxTypeLength)
    return refused('the statement has no predicateType')
  const subjects = readSubjects(subject)
  return typeof subjects === 'string'
    ? refused(subjects)
    : { kind: 'statement', statement: { subjects, predicateType, predicate } }
}

/** A sentence where the statement is not about this image. */
export function faultOfSubject({ subjects }: Statement, wanted: Digest): string | undefined {
  if (subjects.some(({ digest }) => digest === wanted)) return undefined
  const comparable = subjects.filter(({ digest }) => algorithmOf(digest) === algorithmOf(wanted))
  const one = comparable[0]?.digest
  return one === undefined
    ? `the statement names no subject by ${algorithmOf(wanted)}`
    : `the statement is about ${one}${comparable.length > 1 ? ` and ${comparable.length - 1} more` : ''}, not about ${wanted}`
}

/** Of the subjects that are this image, one by one. */
export function annotationsOf(
  { subjects }: Statement,
  image: Digest,
): readonly Readonly<Record<string, string>>[] {
  return subjects.filter(({ digest }) => digest === image).map(({ annotations }) => annotations)
}

function refused(detail: string, reason: 'malformed' | 'limit' = 'malformed'): StatementReading {
  return { kind: 'refused', reason, detail }
}

/** A sentence for subjects that cannot be read. */
function readSubjects(value: unknown): readonly StatementSubject[] | string {
  if (!Array.isArray(value) || value.length === 0) return 'the statement has no subject'
  if (value.length > maxSubjects) return `the statement has more than ${maxSubjects} subjects`
  const subjects: StatementSubject[] = []
  for (const [index, entry] of value.entries()) {
    const read = isRecord(entry) ? readSubject(entry) : ' has no digest'
    if (typeof read === 'string') return `subject[${index}]${read}`
    subjects.push(...read)
  }
  return subjects
}

/** One for each algorithm that is known here. */
function readSubject(
  entry: Readonly<Record<string, unknown>>,
): readonly StatementSubject[] | string {
  const digests = entry['digest']
  if (!isRecord(digests)) return ' has no digest'
  const annotations = readAnnotations(entry['annotations']) ?? {}
  const subjects: StatementSubject[] = []
  for (const algorithm of ['sha256', 'sha512']) {
    const hex = digests[algorithm]
    if (hex === undefined) continue
    const digest = parseDigest(`${algorithm}:${typeof hex === 'string' ? hex : ''}`)
    if (digest === undefined) return `.digest.${algorithm} is not lower-case hex of its length`
    subjects.push({ digest, annotations })
  }
  return subjects
}
