// Writes constraints.json from a service model of botocore: node test/conformance/ecr/write-constraints.ts service-2.json.gz VERSION
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

interface ModelShape {
  readonly type: string
  readonly members?: Readonly<Record<string, { readonly shape: string }>>
  readonly member?: { readonly shape: string }
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
}

interface Model {
  readonly operations: Readonly<Record<string, { readonly input: { readonly shape: string } }>>
  readonly shapes: Readonly<Record<string, ModelShape>>
}

type Bounds = Pick<ModelShape, 'min' | 'max' | 'pattern'>

function boundsIn(
  model: Model,
  name: string,
  path: string,
): readonly (readonly [string, Bounds])[] {
  const shape = model.shapes[name]
  if (shape === undefined) throw new Error(`no shape ${name}`)
  const { min, max, pattern, member, members = {} } = shape
  const own: Bounds = {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(pattern === undefined ? {} : { pattern }),
  }
  return [
    ...(Object.keys(own).length === 0 ? [] : [[path, own] as const]),
    ...(member === undefined ? [] : boundsIn(model, member.shape, `${path}.member`)),
    ...Object.entries(members).flatMap(([key, { shape: of }]) =>
      boundsIn(model, of, path === '' ? key : `${path}.${key}`),
    ),
  ]
}

const [file = '', version = ''] = process.argv.slice(2)
const model = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Model
const operations = Object.fromEntries(
  Object.entries(model.operations).map(([operation, { input }]) => [
    operation,
    Object.fromEntries(boundsIn(model, input.shape, '')),
  ]),
)
const source = `bounds of inputs in the service model 2015-09-21, as botocore ${version} has it`
const target = fileURLToPath(new URL('constraints.json', import.meta.url))
writeFileSync(target, JSON.stringify({ source, operations }, undefined, 2))
