// A value of a JSON document together with where it stands, so that a refusal names the place.

export interface Placed {
  readonly value: unknown
  /** `statements[3].products[0]`; empty for the document itself. */
  readonly at: string
}

/** Thrown by the readers of this folder and caught where they begin: no caller sees it. */
export class Unreadable extends Error {}

/** What the reader gives, or the reason why the document was refused. */
export type Reading<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'refused'; readonly reason: string }

/** Runs a reader; its refusal becomes a value. */
export function reading<T>(read: () => T): Reading<T> {
  try {
    return { kind: 'read', value: read() }
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'refused', reason: error.message }
    throw error
  }
}

export function refuse(at: string, problem: string): never {
  throw new Unreadable(`${at === '' ? 'the document' : at} ${problem}`)
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member of an object; undefined where it is absent or null. */
export function member({ value, at }: Placed, name: string): Placed | undefined {
  if (!isRecord(value)) return refuse(at, 'is not an object')
  const found = Object.hasOwn(value, name) ? value[name] : undefined
  if (found === undefined || found === null) return undefined
  return { value: found, at: at === '' ? name : `${at}.${name}` }
}

export function requiredMember(object: Placed, name: string): Placed {
  return member(object, name) ?? refuse(object.at, `has no ${name}`)
}

/** At most `max` elements; none where the member is absent. */
export function listIn(object: Placed, name: string, max: number): readonly Placed[] {
  const list = member(object, name)
  return list === undefined ? [] : elements(list, max)
}

export function elements({ value, at }: Placed, max: number): readonly Placed[] {
  if (!Array.isArray(value)) return refuse(at, 'is not a list')
  if (value.length > max) return refuse(at, `has more than ${max} elements`)
  return value.map((element: unknown, index) => ({ value: element, at: `${at}[${index}]` }))
}

const maxTextLength = 10_000

/** Undefined where the member is absent. */
export function textIn(object: Placed, name: string): string | undefined {
  const found = member(object, name)
  return found === undefined ? undefined : textOf(found)
}

export function textOf({ value, at }: Placed): string {
  if (typeof value !== 'string') return refuse(at, 'is not a text')
  if (value.length > maxTextLength) return refuse(at, `has more than ${maxTextLength} characters`)
  return value
}

export function requiredText(object: Placed, name: string): string {
  const text = textOf(requiredMember(object, name)).trim()
  return text === ''
    ? refuse(`${object.at}${object.at === '' ? '' : '.'}${name}`, 'is empty')
    : text
}

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)$/

/** RFC 3339, in milliseconds; undefined where the member is absent. */
export function timeIn(object: Placed, name: string): number | undefined {
  const found = member(object, name)
  if (found === undefined) return undefined
  const text = textOf(found)
  // OpenVEX's own library writes nine digits of a second's fraction.
  const time = timestamp.test(text.toUpperCase()) ? Date.parse(text.toUpperCase()) : Number.NaN
  return Number.isNaN(time) ? refuse(found.at, 'is no time as RFC 3339 writes it') : time
}
