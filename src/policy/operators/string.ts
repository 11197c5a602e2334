// Purpose:  StringEquals, StringEqualsIgnoreCase and StringLike.
// Spec:     IAM User Guide, "String condition operators"; Unicode CaseFolding.txt, statuses C and S (simple folding).
// Input:    policy values with variables, and text of the context, which may be hostile.
// Deviates: nothing; code units are compared, without normalisation and without a locale.
// Unknowns: a variable without value matches nothing.
import type { ContextValues } from '../context-values.ts'
import { compileTokens, plainText, substitute, tokenise, type Token } from '../pattern.ts'
import { anyOf, tokenRules, type Comparison, type ValueTest } from './operator.ts'

export const stringEquals: Comparison = equality((text) => text)
export const stringEqualsIgnoreCase: Comparison = equality(foldCase)

export const stringLike: Comparison = {
  operandType: 'string',
  hasVariables: true,
  hasWildcards: true,
  compile(values, language) {
    const rules = tokenRules(this, language)
    return anyOf(
      values.map((value) => {
        const matches = compileTokens(tokenise(value, rules))
        return (text, context) => matches(text, context) === true
      }),
    )
  },
}

function equality(normalise: (text: string) => string): Comparison {
  return {
    operandType: 'string',
    hasVariables: true,
    hasWildcards: false,
    compile(values, language) {
      const rules = tokenRules(this, language)
      const parts = values.map((value) => tokenise(value, rules))
      const fixed = parts.map(plainText).filter((text) => text !== undefined)
      const open = parts.filter((tokens) => plainText(tokens) === undefined)
      return anyOf([oneOf(fixed.map(normalise), normalise), ...open.map(equalsTokens(normalise))])
    },
  }
}

function oneOf(wanted: readonly string[], normalise: (text: string) => string): ValueTest {
  const [only, ...others] = wanted
  if (only !== undefined && others.length === 0) return (value) => normalise(value) === only
  const all = new Set(wanted)
  return (value) => all.has(normalise(value))
}

function equalsTokens(
  normalise: (text: string) => string,
): (tokens: readonly Token[]) => ValueTest {
  return (tokens) => (value: string, context: ContextValues) => {
    const resolved = substitute(tokens, context)
    const wanted = resolved === undefined ? undefined : plainText(resolved)
    return wanted !== undefined && normalise(wanted) === normalise(value)
  }
}

/** Simple case folding: each character to one other, so that no text grows; the dotless i stays itself. */
export function foldCase(text: string): string {
  if (/^[\p{ASCII}]*$/u.test(text)) return text.toLowerCase()
  return Array.from(text, foldCharacter).join('')
}

function foldCharacter(character: string): string {
  if (character === 'ı') return character
  const upper = character.toUpperCase()
  const single = upper.length === character.length ? upper : character
  const lower = single.toLowerCase()
  return lower.length === single.length ? lower : single
}
