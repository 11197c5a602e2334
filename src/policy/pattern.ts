// Purpose:  read a pattern with wildcards and variables once, and match texts against it.
// Spec:     IAM User Guide, "IAM policy elements: Variables and tags", and the wildcards of Resource and StringLike.
// Input:    policy text that was accepted when it was put; matched text and the values of variables may be hostile.
// Deviates: a value of a variable is data: `*` in it is a star. A present empty value is a value, so no default is taken.
// Unknowns: a variable without value or default → undefined, which each element reads to the safe side.
import type { ContextValues } from './context-values.ts'
import { compileGlob, type Glob, type Meter, type Segment } from './glob.ts'

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  /** `*`: any characters, none included. */
  | { readonly kind: 'run' }
  /** `?`: one character. */
  | { readonly kind: 'one' }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined }

export interface TokenRules {
  /** False in documents of 2008-10-17: `${…}` is text there. */
  readonly hasVariables: boolean
  readonly hasWildcards: boolean
}

/** True, false, or undefined where a variable has no value. */
export type Matcher = (text: string, context: ContextValues, meter?: Meter) => boolean | undefined

const variableForm = /^([^,'{}$]+?)\s*(?:,\s*'([^']*)'\s*)?$/

/** Cuts a pattern into what each part of it means; what is no well-formed variable is text. */
export function tokenise(pattern: string, rules: TokenRules): readonly Token[] {
  const tokens: Token[] = []
  let text = ''
  const end = (): void => {
    if (text !== '') tokens.push({ kind: 'text', text })
    text = ''
  }
  for (let position = 0; position < pattern.length; position++) {
    const character = pattern.charAt(position)
    const variable =
      rules.hasVariables && character === '$' ? readVariable(pattern, position) : undefined
    if (variable !== undefined) {
      position = variable.end
      if (typeof variable.token === 'string') {
        text += variable.token
        continue
      }
      end()
      tokens.push(variable.token)
    } else if (rules.hasWildcards && (character === '*' || character === '?')) {
      end()
      tokens.push(character === '*' ? { kind: 'run' } : { kind: 'one' })
    } else {
      text += character
    }
  }
  end()
  return tokens
}

/** Of `${` at this place: the variable or the escaped character, and where its brace closes. */
function readVariable(
  pattern: string,
  position: number,
): { readonly token: Token | string; readonly end: number } | undefined {
  if (!pattern.startsWith('${', position)) return undefined
  const end = pattern.indexOf('}', position)
  if (end < 0) return undefined
  const inner = pattern.slice(position + 2, end)
  if (inner === '*' || inner === '?' || inner === '$') return { token: inner, end }
  const [, key, fallback] = variableForm.exec(inner) ?? []
  if (key === undefined) return undefined
  return { token: { kind: 'variable', key: key.trim().toLowerCase(), fallback }, end }
}

/** The keys, in lower case, that a pattern's variables name. */
export function variablesOf(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) => (token.kind === 'variable' ? [token.key] : []))
}

/** Puts the values in, as text; undefined where one is missing, or has several values. */
export function substitute(
  tokens: readonly Token[],
  context: ContextValues,
): readonly Token[] | undefined {
  const resolved: Token[] = []
  for (const token of tokens) {
    if (token.kind !== 'variable') {
      resolved.push(token)
      continue
    }
    const value = context.get(token.key)
    const text = value === undefined ? token.fallback : value
    if (typeof text !== 'string') return undefined
    resolved.push({ kind: 'text', text })
  }
  return resolved
}

/** The text of tokens without wildcards and variables; undefined where there is one. */
export function plainText(tokens: readonly Token[]): string | undefined {
  let text = ''
  for (const token of tokens) {
    if (token.kind !== 'text') return undefined
    text += token.text
  }
  return text
}

/** A matcher of the whole text. */
export function compileTokens(tokens: readonly Token[]): Matcher {
  if (variablesOf(tokens).length === 0) {
    const matches = compileResolved(tokens)
    return (text, _context, meter) => matches(text, meter)
  }
  return (text, context, meter) => {
    const resolved = substitute(tokens, context)
    return resolved === undefined ? undefined : compileResolved(resolved)(text, meter)
  }
}

function compileResolved(tokens: readonly Token[]): Glob {
  if (tokens.length === 1 && tokens[0]?.kind === 'run') return () => true
  const exact = plainText(tokens)
  if (exact !== undefined) return (text) => text === exact
  return compileGlob(segmentsOf(tokens))
}

/** What stands between the runs. */
function segmentsOf(tokens: readonly Token[]): readonly [Segment, ...Segment[]] {
  const ended: Segment[] = []
  let text = ''
  let ones = new Set<number>()
  for (const token of tokens) {
    if (token.kind === 'run') {
      ended.push(segmentOf(text, ones))
      text = ''
      ones = new Set()
    } else if (token.kind === 'one') {
      ones.add(text.length)
      text += '?'
    } else if (token.kind === 'text') text += token.text
  }
  const [first, ...others] = ended
  const last = segmentOf(text, ones)
  return first === undefined ? [last] : [first, ...others, last]
}

function segmentOf(text: string, ones: ReadonlySet<number>): Segment {
  return { text, ones: ones.size === 0 ? undefined : ones }
}
