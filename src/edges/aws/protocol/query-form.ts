// Purpose:  read the form of a Query request into the value its operation's model describes.
// Spec:     Smithy, "AWS Query protocol": `Tags.member.1.Key`, `Context.entry.1.key`; WHATWG URL, form encoding.
// Input:    form-encoded parameters of a request; hostile.
// Deviates: a parameter that is given twice is refused: which of the two counts would be each reader's guess.
// Unknowns: a parameter that the model does not have is ignored, as AWS does; one of another shape → 'malformed'.
import type { TObject } from 'typebox'

/** The longest legitimate form is a simulation's; it stays below some hundred parameters. */
const maxParameters = 4000
/** No model here nests deeper than six names. */
const maxSteps = 16

export type FormReading =
  | { readonly kind: 'form'; readonly form: ReadonlyMap<string, string> }
  /** A name or value is not form encoding of UTF-8, or there are too many. */
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'repeated'; readonly name: string }

export function readForm(text: string): FormReading {
  const form = new Map<string, string>()
  const pairs = text.split('&', maxParameters + 1).filter((pair) => pair !== '')
  if (pairs.length > maxParameters) {
    return { kind: 'malformed', message: `the request has more than ${maxParameters} parameters` }
  }
  for (const pair of pairs) {
    const mark = pair.indexOf('=')
    const name = decode(mark === -1 ? pair : pair.slice(0, mark))
    const value = decode(mark === -1 ? '' : pair.slice(mark + 1))
    if (name === undefined || value === undefined) {
      return { kind: 'malformed', message: 'the request is not form encoding of UTF-8' }
    }
    if (form.has(name)) return { kind: 'repeated', name }
    form.set(name, value)
  }
  return { kind: 'form', form }
}

/** Bytes that are no UTF-8 are refused, not replaced: a name must not come to be another one. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

export type FormValue =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'malformed'; readonly message: string }

type Shape =
  | { readonly kind: 'structure'; readonly members: ReadonlyMap<string, Shape> }
  | { readonly kind: 'list'; readonly entry: Shape }
  | { readonly kind: 'map'; readonly value: Shape }
  | { readonly kind: 'text' | 'integer' | 'boolean' }

interface Node {
  text: string | undefined
  readonly children: Map<string, Node>
}

/** A reader for one operation's form; what it gives still has to be held against the model's constraints. */
export function formReader(model: TObject): (form: ReadonlyMap<string, string>) => FormValue {
  const shape = shapeOf(model)
  return (form) => {
    try {
      return { kind: 'value', value: valueOf(shape, treeOf(form), '') }
    } catch (error) {
      if (error instanceof Misshapen) return { kind: 'malformed', message: error.message }
      throw error
    }
  }
}

class Misshapen extends Error {}

/** Of a schema of typebox, which is JSON Schema. A model that this cannot read is a mistake in our code. */
function shapeOf(schema: unknown): Shape {
  const members = entriesOf(schema)
  switch (members.get('type')) {
    case 'object': {
      const pattern = entriesOf(members.get('patternProperties'))
      const [value] = pattern.values()
      if (value !== undefined) return { kind: 'map', value: shapeOf(value) }
      const properties = entriesOf(members.get('properties'))
      const shapes = [...properties].map(([name, one]) => [name, shapeOf(one)] as const)
      return { kind: 'structure', members: new Map(shapes) }
    }
    case 'array':
      return { kind: 'list', entry: shapeOf(members.get('items')) }
    case 'integer':
      return { kind: 'integer' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'string':
      return { kind: 'text' }
    default:
      // Alternatives of literal texts: `anyOf` of constants.
      if (members.has('anyOf') || members.has('enum') || members.has('const')) {
        return { kind: 'text' }
      }
      throw new Error(`the Query protocol cannot carry ${JSON.stringify(schema)}`)
  }
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value))
    : new Map()
}

function treeOf(form: ReadonlyMap<string, string>): Node {
  const root: Node = { text: undefined, children: new Map() }
  for (const [name, value] of form) {
    const steps = name.split('.', maxSteps + 1)
    if (steps.length > maxSteps) continue
    let node = root
    for (const step of steps) {
      const next = node.children.get(step) ?? { text: undefined, children: new Map() }
      node.children.set(step, next)
      node = next
    }
    node.text = value
  }
  return root
}

function valueOf(shape: Shape, node: Node, place: string): unknown {
  switch (shape.kind) {
    case 'structure':
      return structureOf(shape.members, node, place)
    case 'list':
      return entries(node, 'member', place).map((entry, index) =>
        valueOf(shape.entry, entry, `${place}.${index + 1}`),
      )
    case 'map':
      return mapOf(shape.value, node, place)
    case 'integer':
      return integerOf(textOf(node, place), place)
    case 'boolean':
      return booleanOf(textOf(node, place), place)
    case 'text':
      return textOf(node, place)
  }
}

function structureOf(
  members: ReadonlyMap<string, Shape>,
  node: Node,
  place: string,
): Readonly<Record<string, unknown>> {
  if (node.text !== undefined && node.text !== '') throw new Misshapen(`${place} is a structure`)
  const values = [...members].flatMap(([name, shape]) => {
    const child = node.children.get(name)
    const at = place === '' ? name : `${place}.${name}`
    return child === undefined ? [] : [[name, valueOf(shape, child, at)] as const]
  })
  return Object.fromEntries(values)
}

/** In the order of their numbers. An empty text stands for an empty list: it is how SDKs write one. */
function entries(node: Node, step: 'member' | 'entry', place: string): readonly Node[] {
  if (node.text !== undefined && node.text !== '') throw new Misshapen(`${place} is a list`)
  const [strange] = [...node.children.keys()].filter((name) => name !== step)
  if (strange !== undefined) throw new Misshapen(`${place} is a list: ${place}.${step}.1`)
  const numbered = [...(node.children.get(step)?.children ?? [])].map(([text, entry]) => {
    if (!/^[1-9][0-9]{0,3}$/.test(text)) {
      throw new Misshapen(`${place}.${step} is followed by a number from 1 on`)
    }
    return [Number(text), entry] as const
  })
  return numbered.toSorted(([a], [b]) => a - b).map(([, entry]) => entry)
}

function mapOf(value: Shape, node: Node, place: string): Readonly<Record<string, unknown>> {
  const pairs = entries(node, 'entry', place).map((entry, index) => {
    const at = `${place}.entry.${index + 1}`
    const [key, held] = [entry.children.get('key'), entry.children.get('value')]
    if (key === undefined || held === undefined) throw new Misshapen(`${at} has a key and a value`)
    return [textOf(key, `${at}.key`), valueOf(value, held, `${at}.value`)] as const
  })
  const map = Object.fromEntries(pairs)
  if (Object.keys(map).length < pairs.length) throw new Misshapen(`${place} has a key twice`)
  return map
}

function textOf(node: Node, place: string): string {
  if (node.children.size > 0 || node.text === undefined) throw new Misshapen(`${place} is a text`)
  return node.text
}

function integerOf(text: string, place: string): number {
  if (!/^-?[0-9]{1,15}$/.test(text)) throw new Misshapen(`${place} is a whole number`)
  return Number(text)
}

function booleanOf(text: string, place: string): boolean {
  const lower = text.toLowerCase()
  if (lower !== 'true' && lower !== 'false') throw new Misshapen(`${place} is true or false`)
  return lower === 'true'
}
