import type { JsonValue } from '../strict-json.ts'
import type { Report } from './faults.ts'
import type { Written } from './written-policy.ts'

/** A text, or a list of texts; what is no text is reported and left out. */
export function readTexts(value: JsonValue, element: string, report: Report): readonly Written[] {
  const items = value.kind === 'array' ? value.items : [value]
  return items.flatMap((item) => {
    if (item.kind === 'string') return [{ value: item.value, at: item.at }]
    const problem = `${element} is a text or a list of texts, and this is ${wrongType(item)}`
    report('DATA_TYPE_MISMATCH', problem, item.at)
    return []
  })
}

/** What a value is, for a sentence that says what it should be. */
export function wrongType(value: JsonValue): string {
  switch (value.kind) {
    case 'object':
      return 'an object'
    case 'array':
      return 'a list'
    case 'string':
      return 'a text'
    case 'number':
      return 'a number'
    case 'boolean':
    case 'null':
    default:
      return value.kind === 'null' ? 'null' : value.value
  }
}
