import { isMembers, listOf, textOf } from '../documents.ts'

/** npm's rule for names, with the old ones that have capitals: `lodash`, `@babel/core`. */
export function isNpmName(name: string): boolean {
  return name.length <= 214 && /^(?:@[^/\s@]+\/)?[^/\s@]+$/.test(name)
}

/** What comes before and after the `@` of `name@range`; a scope's own `@` is part of the name. */
export function splitDescriptor(text: string): { readonly name: string; readonly range: string } {
  const at = text.indexOf('@', 1)
  return at === -1
    ? { name: text, range: '' }
    : { name: text.slice(0, at), range: text.slice(at + 1) }
}

/** `"MIT"`, `{ "type": "MIT" }`, or a list of these, as npm wrote them over time. */
export function readLicenses(value: unknown): readonly string[] {
  const each = Array.isArray(value) ? listOf(value) : [value]
  return each.flatMap((one) => textOf(isMembers(one) ? one['type'] : one) ?? [])
}
