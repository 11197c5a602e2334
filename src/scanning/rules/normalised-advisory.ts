// Purpose:  read a record in the form in which it is kept, as another installation wrote it.
// Spec:     our own; docs/bundles.md, "Records". The form is `Advisory`, JSON, members in the order in which a record was normalised.
// Input:    one line of a part of a bundle; hostile where its signature was waived.
// Deviates: nothing.
// Unknowns: a member that this program does not know, or one out of bounds, refuses the record: it may say what must not be overlooked.
import { Type, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type {
  Advisory,
  AffectedPackage,
  Interval,
  Reference,
  SeverityRating,
} from '../../ecosystems/advisory.ts'
import type { FixStatement } from '../../ecosystems/fix-state.ts'
import { storable, type StorableReading } from './storable-advisory.ts'

/** A member that the type has and the form lacks, or the other way round, does not compile. */
type FormOf<T> = Readonly<Record<keyof T, TSchema>>

const closed = { additionalProperties: false }
const text = (maxLength: number): TSchema => Type.String({ maxLength })
const optional = (form: TSchema): TSchema => Type.Optional(form)
const list = (form: TSchema, maxItems: number): TSchema => Type.Array(form, { maxItems })
const id = Type.String({ pattern: String.raw`^[\x21-\x7e]{1,128}$` })
const name = Type.String({ minLength: 1, maxLength: 600 })
const version = text(1024)

const severity = Type.Object(
  { type: text(64), score: text(512) } satisfies FormOf<SeverityRating>,
  closed,
)

const reference = Type.Object(
  {
    type: text(32),
    url: Type.String({ pattern: String.raw`^https?://[^\s]{1,2000}$` }),
  } satisfies FormOf<Reference>,
  closed,
)

const end = Type.Union([
  Type.Object({ kind: Type.Enum(['fixed', 'lastAffected', 'limit']), version }, closed),
  Type.Object({ kind: Type.Literal('open') }, closed),
])

const interval = Type.Object(
  { introduced: optional(version), end } satisfies FormOf<Interval>,
  closed,
)

const fix = Type.Object(
  {
    state: Type.Enum([
      'notFixed',
      'willNotFix',
      'deferred',
      'underInvestigation',
      'needsSubscription',
    ] satisfies FixStatement['state'][]),
    words: text(1000),
  } satisfies FormOf<FixStatement>,
  closed,
)

const affected = Type.Object(
  {
    ecosystem: Type.String({ minLength: 1, maxLength: 128 }),
    name,
    intervals: list(interval, 50_000),
    versions: list(text(100_000), 20_000),
    unknownRanges: list(text(2000), 50_000),
    doubt: optional(text(2000)),
    severities: list(severity, 16),
    severityWord: optional(text(64)),
    fix: optional(fix),
  } satisfies FormOf<AffectedPackage>,
  closed,
)

const instant = Type.Optional(Type.String({ maxLength: 64 }))

const record = Type.Object(
  {
    id,
    modified: instant,
    published: instant,
    withdrawn: instant,
    aliases: list(id, 1000),
    upstream: list(id, 1000),
    summary: optional(text(500)),
    details: optional(text(8000)),
    severities: list(severity, 16),
    severityWord: optional(text(64)),
    references: list(reference, 50),
    affected: list(affected, 200_000),
  } satisfies FormOf<Advisory>,
  closed,
)

const validator = Compile(record)

/** One line → what is stored, or why it is not. What was written from a stored record is stored as the same. */
export function readNormalisedAdvisory(line: string): StorableReading {
  let document: unknown
  try {
    document = JSON.parse(line)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error'
    return { kind: 'rejected', reason: `is not JSON: ${why.slice(0, 200)}` }
  }
  if (!isAdvisory(document)) return { kind: 'rejected', reason: faultOf(document) }
  const { modified, published, withdrawn } = document
  const dates = [modified, published, withdrawn].filter((date) => date !== undefined)
  if (dates.some((date) => Number.isNaN(Date.parse(date))))
    return { kind: 'rejected', reason: 'has a date that is none' }
  return { kind: 'advisory', advisory: storable(document) }
}

/** A record that lies in the database; anything else is damage there. */
export function readStoredAdvisory(json: string): Advisory {
  const document: unknown = JSON.parse(json)
  if (isAdvisory(document)) return document
  throw new Error('a stored record cannot be read')
}

/** An absent member and one that is undefined say the same, and are written the same. */
function isAdvisory(document: unknown): document is Advisory {
  return validator.Check(document)
}

function faultOf(document: unknown): string {
  const [fault] = validator.Errors(document)
  const place = fault === undefined || fault.instancePath === '' ? 'the record' : fault.instancePath
  return `${place.slice(0, 100)} ${fault?.message ?? 'is in no known form'}`
}
