// Purpose:  Bool: is a key true, or false?
// Spec:     IAM User Guide, "Boolean condition operators".
// Input:    policy values with variables, and text of the context, which may be hostile.
// Deviates: nothing.
// Unknowns: a word that is neither `true` nor `false`, in any case → undefined, and no comparison with it is true.
import { plainText, substitute, tokenise } from '../pattern.ts'
import { anyOf, tokenRules, type Comparison } from './operator.ts'

export function parseBool(text: string): boolean | undefined {
  const word = text.length <= 5 ? text.toLowerCase() : ''
  if (word === 'true') return true
  return word === 'false' ? false : undefined
}

export const bool: Comparison = {
  operandType: 'bool',
  hasVariables: true,
  hasWildcards: false,
  compile(values, language) {
    const rules = tokenRules(this, language)
    return anyOf(
      values.map((value) => {
        const tokens = tokenise(value, rules)
        const fixed = plainText(tokens)
        if (fixed !== undefined) {
          const wanted = parseBool(fixed)
          return (text) => wanted !== undefined && parseBool(text) === wanted
        }
        return (text, context) => {
          const wanted = parseBool(plainText(substitute(tokens, context) ?? tokens) ?? '')
          return wanted !== undefined && parseBool(text) === wanted
        }
      }),
    )
  },
}
