// What our input model of an operation has otherwise than the service's: members, required ones, enumerations, bounds.
import constraints from './constraints.json' with { type: 'json' }
import { inputShape, type Shape } from './sdk-model.ts'

/** The part of JSON schema in which inputs are modelled. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
}

interface Bounds {
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
}

export interface Difference {
  /** `PutImage imageManifest max` */
  readonly at: string
  readonly ours: string
  readonly theirs: string
}

const bounds: Readonly<Record<string, Readonly<Record<string, Bounds>>>> = constraints.operations

export function compareInput(operation: string, model: object): readonly Difference[] {
  return compare({ operation, path: '' }, model, inputShape(operation))
}

interface Place {
  readonly operation: string
  readonly path: string
}

function compare(place: Place, ours: Schema, theirs: Shape): readonly Difference[] {
  if (Object.keys(ours).length === 0) return [difference(place, 'type', 'anything', theirs.kind)]
  const differs: Difference[] = []
  const note = (what: string, own: unknown, other: unknown): void => {
    const [a, b] = [said(own), said(other)]
    if (a !== b) differs.push(difference(place, what, a, b))
  }
  note('type', ours.type ?? 'string', schemaTypes[theirs.kind])
  const bound = bounds[place.operation]?.[place.path] ?? {}
  note('min', ours.minLength ?? ours.minItems ?? ours.minimum ?? 0, bound.min ?? 0)
  note('max', maximumOf(ours), theirs.kind === 'blob' ? base64Length(bound.max) : bound.max)
  note('pattern', plainPattern(ours.pattern), plainPattern(bound.pattern))
  if (theirs.kind === 'string') note('values', ours.enum?.toSorted(), theirs.values?.toSorted())
  return [...differs, ...compareParts(place, ours, theirs)]
}

function compareParts(place: Place, ours: Schema, theirs: Shape): readonly Difference[] {
  const within = (name: string): Place => ({
    ...place,
    path: place.path === '' ? name : `${place.path}.${name}`,
  })
  if (theirs.kind === 'list') return compare(within('member'), ours.items ?? {}, theirs.member())
  if (theirs.kind !== 'structure') return []
  const names = new Set([...theirs.members.keys(), ...Object.keys(ours.properties ?? {})])
  return [...names].flatMap((name) => {
    const own = ours.properties?.[name]
    const member = theirs.members.get(name)
    if (own === undefined) return [difference(within(name), 'member', 'absent', 'present')]
    if (member === undefined) return [difference(within(name), 'member', 'present', 'absent')]
    const [must, may] = [ours.required ?? [], theirs.required].map((list) => list.includes(name))
    const need = must === may ? [] : [difference(within(name), 'required', said(must), said(may))]
    return [...need, ...compare(within(name), own, member())]
  })
}

const schemaTypes: Readonly<Record<Shape['kind'], string>> = {
  structure: 'object',
  list: 'array',
  map: 'object',
  string: 'string',
  number: 'integer',
  boolean: 'boolean',
  timestamp: 'number',
  blob: 'string',
}

function difference(
  { operation, path }: Place,
  what: string,
  ours: string,
  theirs: string,
): Difference {
  return { at: `${operation} ${path} ${what}`, ours, theirs }
}

/** What JavaScript counts exactly is no bound of ours. */
function maximumOf(ours: Schema): number | undefined {
  const max = ours.maxLength ?? ours.maxItems ?? ours.maximum
  return max === Number.MAX_SAFE_INTEGER ? undefined : max
}

function base64Length(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.ceil(bytes / 3) * 4
}

/** Anchors, groups that capture, escapes that are not needed and the place of a hyphen change nothing. */
function plainPattern(pattern: string | undefined): string | undefined {
  return pattern
    ?.replaceAll('(?:', '(')
    .replaceAll(String.raw`\/`, '/')
    .replaceAll(String.raw`\-`, '-')
    .replaceAll('-:]', ':-]')
    .replace(/^\^/, '')
    .replace(/\$$/, '')
}

function said(value: unknown): string {
  return Array.isArray(value) ? value.join('|') : String(value)
}
