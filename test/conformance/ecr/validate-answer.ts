// An answer as it is on the wire, held against the model: types, required members, enumerations, and no member that the model lacks.
import type { Shape } from './sdk-model.ts'

/** What is wrong, with its place: `imageDetails.0.imagePushedAt is a string, not a number of seconds`. */
export function faultsOfAnswer(shape: Shape, value: unknown, path = ''): readonly string[] {
  const at = path === '' ? 'the answer' : path
  switch (shape.kind) {
    case 'structure':
      return faultsOfMembers(shape, value, path)
    case 'list':
      if (!Array.isArray(value)) return [`${at} is no list`]
      return value.flatMap((entry, index) =>
        faultsOfAnswer(shape.member(), entry, within(path, String(index))),
      )
    case 'map':
      if (!isRecord(value)) return [`${at} is no map`]
      return Object.entries(value).flatMap(([key, entry]) =>
        faultsOfAnswer(shape.member(), entry, within(path, key)),
      )
    case 'string':
      if (typeof value !== 'string') return [`${at} is no string`]
      return shape.values === undefined || shape.values.includes(value)
        ? []
        : [`${at} is ${value}, which is none of ${shape.values.join(', ')}`]
    case 'timestamp':
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? [] : [`${at} is no number`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at} is no boolean`]
    case 'blob':
      return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
        ? []
        : [`${at} is no base64`]
  }
}

function faultsOfMembers(
  { members, required }: Extract<Shape, { readonly kind: 'structure' }>,
  value: unknown,
  path: string,
): readonly string[] {
  if (!isRecord(value)) return [`${path === '' ? 'the answer' : path} is no structure`]
  const missing = required.filter((name) => !(name in value))
  return [
    ...missing.map((name) => `${within(path, name)} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const shape = members.get(name)
      return shape === undefined
        ? [`${within(path, name)} is not in the model`]
        : faultsOfAnswer(shape(), member, within(path, name))
    }),
  ]
}

function within(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
