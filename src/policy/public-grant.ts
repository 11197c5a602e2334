// Purpose:  does a statement let in anybody, whoever it is?
// Spec:     IAM Access Analyzer, what it takes for public access: Principal "*" without a condition that holds the caller to a known value.
// Input:    a statement of a policy on a resource, as it was read.
// Deviates: a condition on who or where the caller is counts only with an operator that a missing key fails.
// Unknowns: a key or operator that is not known to say who the caller is restricts nobody.
import type { ConditionTest, Statement } from './document.ts'
import { parseNetwork } from './operators/ip-address.ts'
import { readOperator } from './operators/table.ts'

/** In lower case: keys whose values a caller cannot choose. */
const identifying = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalservicename',
  'aws:userid',
  'aws:username',
  'aws:sourceip',
  'aws:vpcsourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:federatedprovider',
  'pratique:tlsclientsubject',
])

/** An Allow for everyone that no condition holds to known callers or places. */
export function isPublicGrant(statement: Statement): boolean {
  const { effect, principal, conditions } = statement
  if (effect !== 'Allow' || principal === undefined) return false
  const namesEveryone = principal.isNegated || principal.members.some(isEveryone)
  return namesEveryone && !conditions.some(restrictsCaller)
}

function isEveryone({ kind }: { readonly kind: string }): boolean {
  return kind === 'everyone'
}

/** Whether a test holds only for callers that it names, by who or where they are. */
export function restrictsCaller({ operator, key, values }: ConditionTest): boolean {
  const name = key.toLowerCase()
  const isIdentifying = identifying.has(name) || /:(?:sub|externalid)$/.test(name)
  const reading = readOperator(operator)
  if (!isIdentifying || reading === undefined || reading.operator === 'Null') return false
  if (reading.isIfExists || reading.set === 'ForAllValues' || reading.operator.isNegated) {
    return false
  }
  return values.length > 0 && values.every(isSpecific)
}

/** False for what anybody can be made to match: wildcards alone, the whole internet, a name in any account. */
function isSpecific(value: string): boolean {
  if (parseNetwork(value)?.prefixLength === 0) return false
  if (value.startsWith('arn:')) return !/^[*?]*$/.test(value.split(':')[4] ?? '')
  return /[^*?]/.test(value)
}
