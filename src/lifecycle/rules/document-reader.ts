// Purpose:  read the members of a JSON document, gathering every fault with its place.
// Spec:     the words are those of the JSON schema validator whose sentences ECR hands on (Amazon ECR, PutLifecyclePolicy).
// Input:    values of readStrictJson; hostile.
// Deviates: the place stands behind the words, which ECR leaves out.
// Unknowns: a value that is not of its type is a fault and gives undefined, never a default.
import type { Place } from '../../policy/document.ts'
import { quoted, type JsonMember, type JsonValue } from '../../policy/strict-json.ts'

export interface DocumentFault {
  /** The validator's words, or ours where it has none. */
  readonly words: string
  readonly at: Place
  /** The priority, or else the position, of the rule in which it stands; absent outside of rules. */
  readonly rule?: string
}

type ObjectValue = Extract<JsonValue, { readonly kind: 'object' }>

/** More than these are not told at once. */
const maxFaults = 20

/** Reads values and remembers what was wrong; one reader for one document. */
export class DocumentReader {
  readonly #faults: DocumentFault[] = []
  #rule: string | undefined

  get faults(): readonly DocumentFault[] {
    return this.#faults
  }

  /** Faults from here on stand in this rule. */
  enterRule(rule: string | undefined): void {
    this.#rule = rule
  }

  report(words: string, at: Place): undefined {
    if (this.#faults.length >= maxFaults) return undefined
    this.#faults.push({ words, at, ...(this.#rule === undefined ? {} : { rule: this.#rule }) })
    return undefined
  }

  /** Members by name, those it may have and those it must. */
  object(
    value: JsonValue,
    members: { readonly required: readonly string[]; readonly optional: readonly string[] },
  ): ReadonlyMap<string, JsonValue> | undefined {
    if (value.kind !== 'object') return this.#wrongType(value, 'object')
    const known = new Set([...members.required, ...members.optional])
    const strange = value.members.filter(({ name }) => !known.has(name))
    for (const { name, at } of strange) this.#strange(name, at)
    const missing = members.required.filter((name) => memberOf(value, name) === undefined)
    if (missing.length > 0) {
      this.report(`object has missing required properties (${list(missing)})`, value.at)
    }
    return new Map(value.members.map((member) => [member.name, member.value]))
  }

  #strange(name: string, at: Place): void {
    this.report(
      `object instance has properties which are not allowed by the schema: (${list([name])})`,
      at,
    )
  }

  array(
    value: JsonValue,
    size: { readonly least: number; readonly most: number },
  ): readonly JsonValue[] | undefined {
    if (value.kind !== 'array') return this.#wrongType(value, 'array')
    const { length } = value.items
    if (length < size.least) {
      return this.report(
        `array is too short: must have at least ${size.least} elements but instance has ${length} elements`,
        value.at,
      )
    }
    if (length > size.most) {
      return this.report(
        `array is too long: must have at most ${size.most} elements but instance has ${length} elements`,
        value.at,
      )
    }
    return value.items
  }

  string(
    value: JsonValue,
    length: { readonly least: number; readonly most: number },
  ): string | undefined {
    if (value.kind !== 'string') return this.#wrongType(value, 'string')
    const text = value.value
    if (text.length < length.least) {
      return this.report(
        `string ${quoted(text)} is too short (length: ${text.length}, required minimum: ${length.least})`,
        value.at,
      )
    }
    if (text.length > length.most) {
      return this.report(
        `string ${quoted(text)} is too long (length: ${text.length}, maximum allowed: ${length.most})`,
        value.at,
      )
    }
    return text
  }

  oneOf<Word extends string>(value: JsonValue, words: readonly Word[]): Word | undefined {
    if (value.kind !== 'string') return this.#wrongType(value, 'string')
    const found = words.find((word) => word === value.value)
    if (found !== undefined) return found
    return this.report(
      `instance value (${quoted(value.value)}) not found in enum (possible values: ${list(words)})`,
      value.at,
    )
  }

  boolean(value: JsonValue): boolean | undefined {
    return value.kind === 'boolean' ? value.value === 'true' : this.#wrongType(value, 'boolean')
  }

  /** `1.0` is an integer to JSON schema's older drafts and none to ECR's model: refused. */
  integer(
    value: JsonValue,
    bounds: { readonly least: number; readonly most: number },
  ): number | undefined {
    if (value.kind !== 'number' || !/^-?[0-9]+$/.test(value.value))
      return this.#wrongType(value, 'integer')
    const number = Number(value.value)
    if (number < bounds.least) {
      return this.report(
        `numeric instance is lower than the required minimum (minimum: ${bounds.least}, found: ${value.value})`,
        value.at,
      )
    }
    if (number > bounds.most) {
      return this.report(
        `numeric instance is greater than the required maximum (maximum: ${bounds.most}, found: ${value.value})`,
        value.at,
      )
    }
    return number
  }

  #wrongType(value: JsonValue, allowed: string): undefined {
    const found = value.kind === 'number' && allowed !== 'integer' ? 'number' : value.kind
    return this.report(
      `instance type (${found}) does not match any allowed primitive type (allowed: ${list([allowed])})`,
      value.at,
    )
  }
}

function memberOf(value: ObjectValue, name: string): JsonMember | undefined {
  return value.members.find((member) => member.name === name)
}

function list(words: readonly string[]): string {
  return `[${words.map(quoted).join(',')}]`
}

/** The fault as people read it: words, rule, member, line and column. */
export function faultText({ words, at, rule }: DocumentFault): string {
  const where = at.pointer === '' ? '' : ` at ${at.pointer}`
  const within = rule === undefined ? '' : `${rule}, `
  return `${words}${where} (${within}line ${at.line}, column ${at.column})`
}
