// Purpose:  names of certificates, and whether one is among those that a trust policy names.
// Spec:     RFC 5280 section 4.1.2.4; RFC 4514; Notary Project trust-store-trust-policy.md, trusted identities constraints.
// Input:    the name of a stranger's certificate; the text of a policy. Both may be hostile.
// Deviates: an unescaped `;`, `<`, `>` or `"` and escapes that are no UTF-8 are refused in a policy's text, as RFC 4514 says and notation does not.
// Unknowns: a name that cannot be written in the rules for identities matches nothing but `*`.
import {
  childrenOf,
  DerFault,
  DerFields,
  eachChild,
  readObjectIdentifier,
  tags,
  type DerNode,
} from './der.ts'

/** Attribute types as RFC 4514 writes them, and as notation's language prints the ones that are no part of it. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.17', 'POSTALCODE'],
])

export interface NameAttribute {
  /** A short name, or the dotted identifier of a type that has none. */
  readonly type: string
  readonly value: string
}

/** One entry for each relative name, the most general first as it is encoded; more than one attribute in an entry is rare. */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** What a trust policy may ask for: types and values, each type once. */
export type IdentityName = ReadonlyMap<string, string>

export type IdentityNameResult =
  | { readonly kind: 'name'; readonly name: IdentityName }
  | { readonly kind: 'refused'; readonly reason: string }

const maxTextLength = 4096
/** It is shown and kept as the identity of who signed. */
const maxNameBytes = 4096

/** A Name of RFC 5280; throws DerFault for what is none. */
export function readName(node: DerNode): DistinguishedName {
  if (node.whole.length > maxNameBytes)
    throw new DerFault(`a name has more than ${maxNameBytes} bytes`)
  return childrenOf(node).map((relative) => {
    if (relative.tag !== tags.set) throw new DerFault('a relative name is not a SET')
    return [...eachChild(relative)].map((attribute) => {
      const fields = new DerFields(attribute)
      const type = readObjectIdentifier(fields.next())
      const value = readNameText(fields.next())
      return { type: shortNames.get(type) ?? type, value }
    })
  })
}

function readNameText({ tag, content }: DerNode): string {
  const bytes = Buffer.from(content)
  switch (tag) {
    case tags.utf8String:
      return decoded('utf-8', bytes)
    case tags.printableString:
    case tags.numericString:
    case tags.ia5String:
      if (bytes.some((byte) => byte >= 0x80)) throw new DerFault('a name is not ASCII')
      return bytes.toString('latin1')
    case tags.t61String:
      return bytes.toString('latin1')
    case tags.bmpString:
      return decoded('utf-16be', bytes)
    default:
      throw new DerFault('a name has a value of an unknown kind')
  }
}

function decoded(encoding: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new DerFault('a name is not text')
  }
}

/** As RFC 4514 writes it: the most specific attribute first. */
export function formatName(name: DistinguishedName): string {
  return name
    .toReversed()
    .map((relative) => relative.map((one) => `${one.type}=${escapeValue(one.value)}`).join('+'))
    .join(',')
}

function escapeValue(value: string): string {
  const escaped = value.replaceAll(/[\\",+;<>=]/g, (character) => `\\${character}`)
  const started = /^[ #]/.test(escaped) ? `\\${escaped}` : escaped
  const ended = started.length > 1 && started.endsWith(' ') ? `${started.slice(0, -1)}\\ ` : started
  // Control characters would break lines and columns where the name is shown.
  return ended.replaceAll(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\u0000-\u001f\u007f]/g,
    (character) => `\\${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  )
}

/** The text after `x509.subject:`. */
export function parseIdentityName(text: string): IdentityNameResult {
  if (text.length > maxTextLength) return refused(`is longer than ${maxTextLength} characters`)
  if (text.includes('=#')) return refused('holds "=#": hexadecimal values are not supported')
  const attributes: NameAttribute[] = []
  for (const part of splitUnescaped(text, ',')) {
    if (splitUnescaped(part, '+').length > 1)
      return refused('has a relative name of several attributes joined by "+"')
    const attribute = parseAttribute(part)
    if (typeof attribute === 'string') return refused(attribute)
    attributes.push(attribute)
  }
  return collect(attributes)
}

/** The leaf's own name under the rules of identities. */
export function identityNameOf(name: DistinguishedName): IdentityNameResult {
  const attributes: NameAttribute[] = []
  for (const relative of name) {
    const [attribute, second] = relative
    if (attribute === undefined || second !== undefined)
      return refused('has a relative name of several attributes')
    if (/^\d/.test(attribute.type))
      return refused(`has an attribute of the type ${attribute.type}, which has no short name`)
    attributes.push(attribute)
  }
  return collect(attributes)
}

function collect(attributes: readonly NameAttribute[]): IdentityNameResult {
  const name = new Map<string, string>()
  for (const { type: given, value } of attributes) {
    const type = given === 'S' ? 'ST' : given
    if (name.has(type)) return refused(`has ${type} twice`)
    name.set(type, value)
  }
  const missing = ['C', 'ST', 'O'].filter((type) => (name.get(type) ?? '') === '')
  return missing.length === 0
    ? { kind: 'name', name }
    : refused(`has no ${missing.join(', no ')}: C, ST (or S) and O are required`)
}

function splitUnescaped(text: string, separator: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === separator) {
      parts.push(part)
      part = ''
    } else {
      part += character === '\\' ? text.slice(at, at + 2) : character
      if (character === '\\') at += 1
    }
  }
  return [...parts, part]
}

function parseAttribute(part: string): NameAttribute | string {
  const equals = part.indexOf('=')
  if (equals === -1) return `has ${JSON.stringify(part.trim())}, which is no TYPE=value`
  const type = part.slice(0, equals).trim()
  if (!/^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/.test(type))
    return `has ${JSON.stringify(type)}, which is no attribute type`
  const value = unescapeValue(part.slice(equals + 1))
  return value === undefined
    ? `has a value of ${type} with a character that must be escaped by a backslash`
    : { type, value }
}

/** Spaces around a value are no part of it unless they are escaped. */
function unescapeValue(text: string): string | undefined {
  const trimmed = text.replace(/^ +/, '').replace(/(?<!\\) +$/, '')
  const pieces: Buffer[] = []
  for (let rest = trimmed; rest !== '';) {
    const found = /^(?:\\([0-9A-Fa-f]{2})|\\([ #=\\",+;<>])|([^\\",+;<>\0]+))/.exec(rest)
    if (found === null) return undefined
    const [whole, hex, special, plain] = found
    pieces.push(hex === undefined ? Buffer.from(special ?? plain ?? '') : Buffer.from(hex, 'hex'))
    rest = rest.slice(whole.length)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces))
  } catch {
    return undefined
  }
}

/** Whether each attribute that is asked for is there with exactly that value; order and case of nothing else matter. */
export function isSubsetName(asked: IdentityName, whole: IdentityName): boolean {
  // Not by `every`, which wants a list of its own: a policy of many identities asks this half a million times.
  for (const [type, value] of asked) if (whole.get(type) !== value) return false
  return true
}

function refused(reason: string): IdentityNameResult {
  return { kind: 'refused', reason }
}
