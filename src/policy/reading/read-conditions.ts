import type { Place } from '../document.ts'
import { quoted, type JsonMember, type JsonValue } from '../strict-json.ts'
import type { Report } from './faults.ts'
import { wrongType } from './read-texts.ts'
import type { Written, WrittenCondition } from './written-policy.ts'

/** The tests of a Condition element, one for each key of each operator; what has not its shape is reported and left out. */
export function readConditions(
  value: JsonValue | undefined,
  report: Report,
): readonly WrittenCondition[] {
  return membersOf(value, 'Condition', report).flatMap((operator) => {
    const keys = membersOf(operator.value, quoted(operator.name), report)
    reportRepeatedKeys(keys, report)
    return keys.map((key) => ({
      operator: operator.name,
      key: key.name,
      values: readValues(key, report),
      at: key.at,
      operatorAt: operator.at,
    }))
  })
}

/** Where the element itself, or an operator, has no members. */
export function emptyConditionsOf(value: JsonValue | undefined): readonly Place[] {
  const objects = value?.kind === 'object' ? [value, ...value.members.map((one) => one.value)] : []
  return objects.flatMap((one) =>
    one.kind === 'object' && one.members.length === 0 ? [one.at] : [],
  )
}

function membersOf(
  value: JsonValue | undefined,
  what: string,
  report: Report,
): readonly JsonMember[] {
  if (value === undefined) return []
  if (value.kind === 'object') return value.members
  report('DATA_TYPE_MISMATCH', `${what} is an object, and this is ${wrongType(value)}`, value.at)
  return []
}

function reportRepeatedKeys(keys: readonly JsonMember[], report: Report): void {
  const seen = new Set<string>()
  for (const { name, at } of keys) {
    const folded = name.toLowerCase()
    if (seen.has(folded)) {
      const problem = `the key ${quoted(name)} stands here twice, in different case`
      report('DUPLICATE_KEYS_WITH_DIFFERENT_CASE', problem, at)
    }
    seen.add(folded)
  }
}

function readValues({ name, value }: JsonMember, report: Report): readonly Written[] {
  const items = value.kind === 'array' ? value.items : [value]
  if (items.length === 0) {
    report('EMPTY_ARRAY_CONDITION', `${quoted(name)} is compared with nothing`, value.at)
  }
  return items.flatMap((item) => {
    if (item.kind === 'string' || item.kind === 'number' || item.kind === 'boolean') {
      return [{ value: item.value, at: item.at }]
    }
    const problem = `a value of ${quoted(name)} is a text, a number or a boolean, and this is ${wrongType(item)}`
    report('DATA_TYPE_MISMATCH', problem, item.at)
    return []
  })
}
