// Purpose:  read the elements of a policy from its JSON: what stands where, and of which type.
// Spec:     IAM User Guide, "Grammar of the IAM JSON policy language".
// Input:    JSON values with their places; hostile.
// Deviates: nothing.
// Unknowns: an element of another name or type → a fault, and a Deny without actions in its place.
import type { Place } from '../document.ts'
import { quoted, type JsonMember, type JsonValue } from '../strict-json.ts'
import type { Report } from './faults.ts'
import { emptyConditionsOf, readConditions } from './read-conditions.ts'
import { readPrincipals } from './read-principals.ts'
import { readTexts, wrongType } from './read-texts.ts'
import type {
  Written,
  WrittenPatterns,
  WrittenPolicy,
  WrittenPrincipals,
  WrittenStatement,
} from './written-policy.ts'

const policyElements = ['Version', 'Id', 'Statement']
const statementElements = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]

/** All that can be read of a document; it stands for the document only where nothing was reported. */
export function readElements(root: JsonValue, report: Report): WrittenPolicy {
  const elements = membersOf(root, 'the policy', policyElements, report)
  const version = readText(elements.get('Version'), report)
  const id = readText(elements.get('Id'), report)
  const statement = elements.get('Statement')?.value
  const items = statement?.kind === 'array' ? statement.items : [statement]
  const present = items.filter((item) => item !== undefined)
  if (present.length === 0 && root.kind === 'object') {
    report('MISSING_STATEMENT', 'the policy has no statement', statement?.at ?? root.at)
  }
  const statements = present.flatMap((item, index) => readStatement(item, index, report))
  return { version, id, statements }
}

function readStatement(
  value: JsonValue,
  index: number,
  report: Report,
): readonly WrittenStatement[] {
  const elements = membersOf(value, 'a statement', statementElements, report)
  if (value.kind !== 'object') return []
  const { at } = value
  const statement: WrittenStatement = {
    index,
    at,
    sid: readText(elements.get('Sid'), report),
    effect: readEffect(elements.get('Effect'), at, report),
    principal: readPrincipalElement(elements, report),
    action: readPatterns(elements, 'Action', report) ?? noAction(at, report),
    resource: readPatterns(elements, 'Resource', report),
    conditions: readConditions(elements.get('Condition')?.value, report),
    emptyConditions: emptyConditionsOf(elements.get('Condition')?.value),
  }
  return [statement]
}

type Elements = ReadonlyMap<string, JsonMember>

function membersOf(
  value: JsonValue,
  what: string,
  known: readonly string[],
  report: Report,
): Elements {
  if (value.kind !== 'object') {
    report('DATA_TYPE_MISMATCH', `${what} is an object, and this is ${wrongType(value)}`, value.at)
    return new Map()
  }
  for (const { name, at } of value.members) {
    if (known.includes(name)) continue
    const meant = known.find((one) => one.toLowerCase() === name.toLowerCase())
    const hint = meant === undefined ? '' : `, but ${meant} is`
    const problem = `${quoted(name)} is no element of ${what}${hint}`
    report('INVALID_POLICY_ELEMENT', problem, at)
  }
  return new Map(value.members.map((member) => [member.name, member]))
}

function readText(member: JsonMember | undefined, report: Report): Written | undefined {
  if (member === undefined) return undefined
  const { name, value } = member
  if (value.kind === 'string') return { value: value.value, at: value.at }
  report('DATA_TYPE_MISMATCH', `${name} is a text, and this is ${wrongType(value)}`, value.at)
  return undefined
}

function readEffect(member: JsonMember | undefined, at: Place, report: Report): 'Allow' | 'Deny' {
  const effect = readText(member, report)
  if (effect?.value === 'Allow' || effect?.value === 'Deny') return effect.value
  if (effect !== undefined) {
    report('INVALID_EFFECT', `the effect is ${quoted(effect.value)}`, effect.at)
  } else if (member === undefined) {
    report('MISSING_EFFECT', 'the statement has no effect', at)
  }
  return 'Deny'
}

/** The one of `NAME` and `NotNAME` that is there; both are a fault. */
function oneOfBoth(
  elements: Elements,
  name: string,
  report: Report,
): { readonly member: JsonMember; readonly isNegated: boolean } | undefined {
  const member = elements.get(name)
  const negated = elements.get(`Not${name}`)
  if (member !== undefined && negated !== undefined) {
    const problem = `a statement has ${name} or Not${name}, and this has both`
    report('UNSUPPORTED_ELEMENT_COMBINATION', problem, negated.at)
  }
  if (member !== undefined) return { member, isNegated: false }
  return negated === undefined ? undefined : { member: negated, isNegated: true }
}

function readPatterns(
  elements: Elements,
  name: 'Action' | 'Resource',
  report: Report,
): WrittenPatterns | undefined {
  const found = oneOfBoth(elements, name, report)
  if (found === undefined) return undefined
  const { value, at, name: written } = found.member
  const patterns = readTexts(value, written, report)
  if (value.kind === 'array' && value.items.length === 0) {
    const code = name === 'Action' ? 'MISSING_ACTION' : 'MISSING_RESOURCE'
    report(code, `${written} is empty`, value.at)
  }
  return { isNegated: found.isNegated, at, patterns }
}

function noAction(at: Place, report: Report): WrittenPatterns {
  report('MISSING_ACTION', 'the statement has neither Action nor NotAction', at)
  return { isNegated: false, at, patterns: [] }
}

function readPrincipalElement(elements: Elements, report: Report): WrittenPrincipals | undefined {
  const found = oneOfBoth(elements, 'Principal', report)
  if (found === undefined) return undefined
  const { value, at, name } = found.member
  return { isNegated: found.isNegated, at, members: readPrincipals(value, name, report) }
}
