// Purpose:  write the XML of Query answers from plain values.
// Spec:     Smithy, "AWS Query protocol", response serialisation; XML 1.0.
// Input:    an operation's output; texts in it may be hostile.
// Deviates: characters that XML 1.0 cannot carry are replaced by U+FFFD.
// Unknowns: none; a member that is undefined is not written.

/** A Map is a map, any other object a structure. */
export type QueryValue =
  | string
  | number
  | boolean
  | Date
  | readonly QueryValue[]
  | ReadonlyMap<string, QueryValue>
  | QueryStructure
export interface QueryStructure {
  readonly [member: string]: QueryValue | undefined
}

/** `<name>…</name>`: lists as `<member>`, maps as `<entry>`, moments as `2026-01-01T12:00:00Z`. */
export function writeElement(name: string, value: QueryValue): string {
  const content = contentOf(value)
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`
}

function contentOf(value: QueryValue): string {
  if (typeof value === 'string') return escapeXml(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z')
  if (isList(value)) return value.map((entry) => writeElement('member', entry)).join('')
  if (isMap(value)) {
    const entries = [...value].map(([key, held]) => writeElement('entry', { key, value: held }))
    return entries.join('')
  }
  const members = Object.entries(value).map(([name, member]) =>
    member === undefined ? '' : writeElement(name, member),
  )
  return members.join('')
}

function isList(value: QueryValue): value is readonly QueryValue[] {
  return Array.isArray(value)
}

function isMap(value: QueryValue): value is ReadonlyMap<string, QueryValue> {
  return value instanceof Map
}

/** XML 1.0 has no control characters but tab and line ends, no half surrogates and not U+FFFE: they are replaced, not escaped. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- these are the characters that XML forbids
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // A reader of XML turns a bare carriage return into a line feed.
      .replaceAll('\r', '&#xD;')
  )
}
