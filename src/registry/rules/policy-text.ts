// Purpose:  write the present names of principals into the text of a policy.
// Spec:     IAM User Guide, "AWS JSON policy elements: Principal": a deleted principal shows as its unique id.
// Input:    a document that was accepted, and for some of the ARNs in it another text.
// Deviates: nothing else of the text changes, not even white space.
// Unknowns: text that is no policy is returned as it is.
import { readStrictJson, type JsonValue } from '../../policy/strict-json.ts'

/** Only within Principal and NotPrincipal: conditions keep the ARNs that they were written with. */
export function renamePrincipals(text: string, names: ReadonlyMap<string, string>): string {
  const reading = names.size === 0 ? undefined : readStrictJson(text)
  if (reading?.kind !== 'read') return text
  const starts = lineStarts(text)
  const found = principalStrings(reading.root).flatMap(({ value, at }) => {
    const name = names.get(value)
    const start = (starts[at.line - 1] ?? 0) + at.column - 1
    return name === undefined ? [] : [{ start, name }]
  })
  let renamed = ''
  let from = 0
  for (const { start, name } of found) {
    renamed += text.slice(from, start) + JSON.stringify(name)
    from = endOfString(text, start)
  }
  return renamed + text.slice(from)
}

type JsonString = Extract<JsonValue, { readonly kind: 'string' }>

/** In the order of the text. */
function principalStrings(value: JsonValue): readonly JsonString[] {
  if (value.kind === 'array') return value.items.flatMap(principalStrings)
  if (value.kind !== 'object') return []
  return value.members.flatMap(({ name, value: inner }) =>
    name === 'Principal' || name === 'NotPrincipal' ? stringsOf(inner) : statementsOf(name, inner),
  )
}

function statementsOf(name: string, value: JsonValue): readonly JsonString[] {
  return name === 'Statement' ? principalStrings(value) : []
}

function stringsOf(value: JsonValue): readonly JsonString[] {
  if (value.kind === 'string') return [value]
  if (value.kind === 'array') return value.items.flatMap(stringsOf)
  return value.kind === 'object' ? value.members.flatMap((member) => stringsOf(member.value)) : []
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) {
    starts.push(index + 1)
  }
  return starts
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return index + 1
}
