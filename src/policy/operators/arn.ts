// Purpose:  ArnLike and ArnEquals, which are the same: six fields, wildcards in each.
// Spec:     IAM User Guide, "Amazon Resource Name (ARN) condition operators".
// Input:    policy values with variables, and text of the context, which may be hostile.
// Deviates: a colon in the value of a variable separates no fields, unless the variable is the whole value.
// Unknowns: what is no ARN, on either side, and a variable without value match nothing.
import { compileArnPattern } from '../arn-pattern.ts'
import { tokenise } from '../pattern.ts'
import { anyOf, tokenRules, type Comparison } from './operator.ts'

export const arnLike: Comparison = {
  operandType: 'arn',
  hasVariables: true,
  hasWildcards: true,
  compile(values, language) {
    const rules = tokenRules(this, language)
    return anyOf(
      values.map((value) => {
        const matches = compileArnPattern(tokenise(value, rules), {
          mayEndEarly: false,
          hasVariablesAnywhere: true,
        })
        return (text, context) => matches(text, context) === true
      }),
    )
  },
}
