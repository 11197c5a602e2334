// Purpose:  tell which of the words that packages say of their licence a document may use as they are.
// Spec:     SPDX 2.3 annex D (expressions), the SPDX list of licences; CycloneDX 1.6 `licenseChoice`.
// Input:    text from package databases and manifests; hostile.
// Deviates: identifiers are matched without regard to case, as annex D wants; operators in upper case only.
// Unknowns: text that is no expression of known identifiers is a name, never guessed at.
import { spdxExceptionIds, spdxLicenceIds } from './generated/spdx-ids.ts'

export type Licence =
  /** As the list spells it. */
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'name'; readonly name: string }

const licences = new Map(spdxLicenceIds.map((id) => [id.toLowerCase(), id]))
const exceptions = new Map(spdxExceptionIds.map((id) => [id.toLowerCase(), id]))

/** A licence text in the place of its name would make a document of texts. */
const maxNameLength = 300
const maxTokens = 100

/** Never fails; undefined where nothing is said. */
export function readLicence(said: string): Licence | undefined {
  const text = said.toWellFormed().trim()
  if (text === '' || /^(?:unknown|none|noassertion)$/i.test(text)) return undefined
  const id = licences.get(text.toLowerCase())
  if (id !== undefined) return { kind: 'id', id }
  const expression = normaliseExpression(text)
  if (expression !== undefined) return { kind: 'expression', expression }
  return { kind: 'name', name: text.slice(0, maxNameLength).toWellFormed() }
}

/** The expression with identifiers as the list spells them; undefined where one is unknown or the grammar is not kept. */
function normaliseExpression(text: string): string | undefined {
  if (text.length > 4 * maxNameLength) return undefined
  const tokens = text.match(/[()]|[^\s()]+(?:\s+WITH\s+[^\s()]+)?/g) ?? []
  if (tokens.length > maxTokens) return undefined
  const words = tokens.map((token) => (isMark(token) ? token : termOf(token)))
  if (words.includes(undefined)) return undefined
  const isKept = keepsGrammar(words.map((word) => marks.get(word ?? '') ?? 'L').join(''))
  return isKept ? words.join(' ').replaceAll('( ', '(').replaceAll(' )', ')') : undefined
}

const marks = new Map([
  ['(', '('],
  [')', ')'],
  ['AND', 'o'],
  ['OR', 'o'],
])

function isMark(token: string): boolean {
  return marks.has(token)
}

/** `L` a licence, `o` an operator: what can be drawn together to one licence is an expression. */
function keepsGrammar(shape: string): boolean {
  const drawn = shape.replaceAll(/LoL|\(L\)/g, 'L')
  return drawn === shape ? shape === 'L' : keepsGrammar(drawn)
}

/** A licence, or `licence WITH exception`. */
function termOf(token: string): string | undefined {
  const [said = '', excepted] = token.split(/\s+WITH\s+/)
  const licence = knownLicence(said)
  if (excepted === undefined) return licence
  const exception = exceptions.get(excepted.toLowerCase())
  return licence === undefined || exception === undefined
    ? undefined
    : `${licence} WITH ${exception}`
}

/** `GPL-2.0+` is a licence of its own in the list; `Apache-2.0+` means this version or a later one. */
function knownLicence(token: string): string | undefined {
  const exact = licences.get(token.toLowerCase())
  if (exact !== undefined || !token.endsWith('+')) return exact
  const base = licences.get(token.slice(0, -1).toLowerCase())
  return base === undefined ? undefined : `${base}+`
}
