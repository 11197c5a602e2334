import { quoted, type JsonMember, type JsonValue } from '../strict-json.ts'
import type { Report } from './faults.ts'
import { readPrincipal } from './principal-forms.ts'
import { readTexts, wrongType } from './read-texts.ts'
import type { Written, WrittenPrincipal } from './written-policy.ts'

/** The principals of a Principal or NotPrincipal element; what is none is reported and left out. */
export function readPrincipals(
  value: JsonValue,
  element: string,
  report: Report,
): readonly WrittenPrincipal[] {
  if (value.kind === 'string' && value.value === '*') {
    return [{ type: '*', value: '*', at: value.at, form: { kind: 'everyone' } }]
  }
  if (value.kind !== 'object') {
    const given = value.kind === 'string' ? quoted(value.value) : wrongType(value)
    const problem = `${element} is "*" or an object such as {"AWS": "123456789012"}, and this is ${given}`
    report('DATA_TYPE_MISMATCH', problem, value.at)
    return []
  }
  if (value.members.length === 0) {
    report('MISSING_PRINCIPAL', `${element} names nobody`, value.at)
  }
  return value.members.flatMap((member) => readType(member, report))
}

function readType({ name, value }: JsonMember, report: Report): readonly WrittenPrincipal[] {
  const texts = readTexts(value, name, report)
  if (value.kind === 'array' && value.items.length === 0) {
    report('MISSING_PRINCIPAL', `${quoted(name)} names nobody`, value.at)
  }
  return texts.flatMap((text) => readOne(name, text, report))
}

function readOne(type: string, text: Written, report: Report): readonly WrittenPrincipal[] {
  const reading = readPrincipal(type, text.value)
  if (reading.kind === 'principal') return [{ ...text, type, form: reading.form }]
  const subject = `"${type.toUpperCase()}":"${text.value}"`
  report(reading.code, reading.problem, text.at, subject)
  return []
}
