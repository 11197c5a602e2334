// Purpose:  the context of a simulated request: what is known of who asks, and what the simulation is told.
// Spec:     IAM API Reference, ContextEntry; IAM User Guide, "AWS global condition context keys".
// Input:    entries as a caller wrote them; hostile.
// Deviates: what follows from the simulated caller and resource is there without an entry; an entry takes its place.
// Unknowns: a key without entry is absent, and is told as missing; a value that is not of its type is refused.
import { contextOf, type ContextValues } from '../../policy/context-values.ts'

export interface ContextEntry {
  readonly key: string
  readonly type: string
  readonly values: readonly string[]
}

const forms: ReadonlyMap<string, RegExp> = new Map([
  ['string', /^/],
  ['numeric', /^-?[0-9]+(?:\.[0-9]+)?$/],
  ['boolean', /^(?:true|false)$/i],
  ['ip', /^[0-9A-Fa-f.:]+(?:\/[0-9]{1,3})?$/],
  ['binary', /^[A-Za-z0-9+/]*={0,2}$/],
  [
    'date',
    /^(?:[0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?)$/,
  ],
])

/** Why an entry cannot be used; undefined if it can. */
export function faultOfEntry({ key, type, values }: ContextEntry): string | undefined {
  const form = forms.get(type.replace(/List$/, ''))
  if (form === undefined) return `the context key ${key} has the type ${type}, which there is not`
  if (!type.endsWith('List') && values.length !== 1) {
    return `the context key ${key} is of type ${type} and has ${values.length} values; it takes one`
  }
  const wrong = values.find((value) => !form.test(value))
  return wrong === undefined
    ? undefined
    : `the context key ${key} has the value ${JSON.stringify(wrong.slice(0, 100))}, which is no ${type}`
}

/** Entries before what is derived; the entries have no fault. */
export function simulatedContext(
  derived: Readonly<Record<string, string>>,
  entries: readonly ContextEntry[],
): ContextValues {
  const given = entries.map(({ key, type, values }) => {
    const value = type.endsWith('List') ? values : values.join('')
    return [key.toLowerCase(), value] as const
  })
  const known = Object.entries(derived).map(([key, value]) => [key.toLowerCase(), value] as const)
  return contextOf(Object.fromEntries([...known, ...given]))
}
