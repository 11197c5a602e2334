// The service's model as the installed SDK for JavaScript carries it: schemas at run time; enumerations and errors in its declarations.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as sdk from '@aws-sdk/client-ecr'

export type Shape =
  | {
      readonly kind: 'structure'
      readonly name: string
      readonly members: ReadonlyMap<string, () => Shape>
      readonly required: readonly string[]
    }
  | { readonly kind: 'list' | 'map'; readonly member: () => Shape }
  | { readonly kind: 'string'; readonly values: readonly string[] | undefined }
  | { readonly kind: 'number' | 'boolean' | 'timestamp' | 'blob' }

const declarations = join(
  dirname(createRequire(import.meta.url).resolve('@aws-sdk/client-ecr')),
  '../dist-types',
)
const exported = new Map<string, unknown>(Object.entries(sdk))

/** Of every command of the client. */
export const operationNames: readonly string[] = [...exported.keys()]
  .filter((name) => /^[A-Z]\w+Command$/.test(name))
  .map((name) => name.replace(/Command$/, ''))
  .toSorted()

export function inputShape(operation: string): Extract<Shape, { readonly kind: 'structure' }> {
  return structureOf(schemaOf(operation)[4])
}

export function outputShape(operation: string): Extract<Shape, { readonly kind: 'structure' }> {
  return structureOf(schemaOf(operation)[5])
}

/** Members beside the message that an exception of the model has. */
export function errorShape(
  name: string,
): Extract<Shape, { readonly kind: 'structure' }> | undefined {
  const schema = exported.get(`${name}$`)
  return schema === undefined ? undefined : structureOf(schema)
}

/** Names of the exceptions that each operation may answer, as the SDK's documentation lists them. */
export function errorsOf(operation: string): readonly string[] {
  const text = readFileSync(join(declarations, 'commands', `${operation}Command.d.ts`), 'utf8')
  const thrown = [...text.matchAll(/@throws \{@link (\w+)\}/g)].map(([, name = '']) => name)
  return thrown.filter((name) => name !== 'ECRServiceException').toSorted()
}

function schemaOf(operation: string): readonly unknown[] {
  return listOf(exported.get(`${operation}$`))
}

function structureOf(schema: unknown): Extract<Shape, { readonly kind: 'structure' }> {
  const shape = shapeOf(schema, undefined)
  if (shape.kind !== 'structure') throw new Error('not a structure')
  return shape
}

/** Schemas that name one another are functions. */
function isThunk(value: unknown): value is () => unknown {
  return typeof value === 'function'
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return [...(value as readonly unknown[])]
  throw new Error(`unknown schema ${JSON.stringify(value)}`)
}

const listFlag = 64
const mapFlag = 128
const simpleKinds = new Map<number, 'boolean' | 'number' | 'timestamp' | 'blob'>([
  [1, 'number'],
  [2, 'boolean'],
  [4, 'timestamp'],
  [21, 'blob'],
])

function shapeOf(given: unknown, values: readonly string[] | undefined): Shape {
  const schema = isThunk(given) ? given() : given
  if (typeof schema === 'number') return simpleShape(schema, values)
  const [kind, , name, , first, second, required] = listOf(schema)
  // A member with traits of its own, or a simple type with some.
  if (typeof kind !== 'number') return shapeOf(kind, values)
  if (kind === 0) return shapeOf(first, values)
  if (kind === 1) return { kind: 'list', member: () => shapeOf(first, values) }
  if (kind === 2) return { kind: 'map', member: () => shapeOf(second, values) }
  return structure(String(name), first, second, required)
}

function simpleShape(code: number, values: readonly string[] | undefined): Shape {
  if ((code & mapFlag) !== 0) return { kind: 'map', member: () => simpleShape(code & 63, values) }
  if ((code & listFlag) !== 0) return { kind: 'list', member: () => simpleShape(code & 63, values) }
  const kind = simpleKinds.get(code)
  if (kind === undefined && code !== 0) throw new Error(`unknown type ${code}`)
  return kind === undefined ? { kind: 'string', values } : { kind }
}

function structure(name: string, names: unknown, schemas: unknown, required: unknown): Shape {
  const typed = listOf(schemas)
  const members = new Map(
    listOf(names).map((member, index) => {
      const values = enumerations.get(`${name}.${String(member)}`)
      return [String(member), () => shapeOf(typed[index], values)] as const
    }),
  )
  const count = typeof required === 'number' ? required : 0
  return { kind: 'structure', name, members, required: [...members.keys()].slice(0, count) }
}

/** `Structure.member` → the words that it may be. */
const enumerations = readEnumerations()

function readEnumerations(): ReadonlyMap<string, readonly string[]> {
  const directory = join(declarations, 'models')
  const texts = readdirSync(directory).map((file) => readFileSync(join(directory, file), 'utf8'))
  const typed = texts
    .flatMap((text) => [...text.matchAll(/export interface (\w+)[^{]*\{(.*?)\n\}/gs)])
    .flatMap(([, name = '', body = '']) =>
      [...body.matchAll(/^ {4}(\w+)\??: ([A-Z]\w+)\b/gm)].map(
        ([, member = '', type = '']) => [`${name}.${member}`, wordsOf(type)] as const,
      ),
    )
  return new Map(typed.flatMap(([at, words]) => (words === undefined ? [] : [[at, words]])))
}

function wordsOf(type: string): readonly string[] | undefined {
  const words = exported.get(type)
  return typeof words === 'object' && words !== null && !Array.isArray(words)
    ? Object.values(words).map(String)
    : undefined
}
