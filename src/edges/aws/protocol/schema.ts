// Purpose:  hold a request against its model and spell violations as AWS does.
// Spec:     Smithy constraint traits; Amazon ECR API Reference, "Common Errors" and InvalidParameterException.
// Input:    parsed JSON of a request; hostile.
// Deviates: nothing.
// Unknowns: a member that the model does not have is ignored, as AWS does; a member of another type is malformed, not invalid.
import type { Static, TObject, TProperties } from 'typebox'
import { Compile } from 'typebox/compile'

export interface Violation {
  /** AWS's path: `imageIds.1.member.imageDigest`. */
  readonly member: string
  /** Smithy's, without its subject: `must have length less than or equal to 256`. */
  readonly constraint: string
  /** As ECR spells it between quotes. */
  readonly ecrConstraint: string
  readonly value: unknown
}

export type InputReading<T> =
  | { readonly kind: 'valid'; readonly input: T }
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'invalid'; readonly violations: readonly [Violation, ...Violation[]] }

/** A reader for one operation's input. `null` members count as absent. */
export function inputReader<P extends TProperties>(
  model: TObject<P>,
): (body: unknown) => InputReading<Static<TObject<P>>> {
  const compile = () => Compile(model)
  // At its first request: a start does not wait for the models of all operations.
  let validator: ReturnType<typeof compile> | undefined
  return (body) => {
    try {
      return read(body)
    } catch (error) {
      // A pattern over a string of megabytes can exhaust the stack of the regular expression.
      if (!(error instanceof RangeError)) throw error
      return { kind: 'malformed', message: 'the request has a member that is too long to be read' }
    }
  }

  function read(body: unknown): InputReading<Static<TObject<P>>> {
    const stripped = withoutNulls(body)
    validator ??= compile()
    if (validator.Check(stripped)) return { kind: 'valid', input: stripped }
    const errors = validator.Errors(stripped)
    const wrongType = errors.find(({ keyword }) => keyword === 'type')
    if (wrongType !== undefined) {
      const place = memberPath(wrongType.instancePath)
      const where = place === '' ? 'the request' : `'${place}'`
      return { kind: 'malformed', message: `${where} ${wrongType.message}` }
    }
    const [first, ...rest] = distinct(errors.flatMap((error) => violationsOf(error, stripped)))
    if (first === undefined) return { kind: 'malformed', message: 'the request has another shape' }
    return { kind: 'invalid', violations: [first, ...rest] }
  }
}

function distinct(violations: readonly Violation[]): readonly Violation[] {
  const seen = new Map(violations.map((one) => [`${one.member} ${one.constraint}`, one] as const))
  return [...seen.values()]
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => entry !== null).map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]))
}

interface ValidationError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
}

function violationsOf(error: ValidationError, body: unknown): readonly Violation[] {
  const place = memberPath(error.instancePath)
  const params = new Map<string, unknown>(Object.entries(error.params))
  if (error.keyword === 'required') {
    const missing = params.get('requiredProperties')
    const names = Array.isArray(missing) ? missing.map(String) : []
    return names.map((name) => ({
      member: place === '' ? name : `${place}.${name}`,
      constraint: 'must not be null',
      ecrConstraint: 'must not be null',
      value: undefined,
    }))
  }
  const constraint = constraintText(error.keyword, params)
  const list = /^(.*)\/\d+$/.exec(error.instancePath)?.[1]
  if (list !== undefined) {
    // An entry of a list has no name of its own: the list is named, the entry's constraint wrapped.
    const wrapped = `must satisfy constraint: [Member ${constraint}]`
    const value = valueAt(body, list)
    const member = memberPath(list)
    return [{ member, constraint: wrapped, ecrConstraint: `Member ${wrapped}`, value }]
  }
  const ecrConstraint = error.keyword === 'pattern' ? ecrPatternText(params) : constraint
  return [{ member: place, constraint, ecrConstraint, value: valueAt(body, error.instancePath) }]
}

function patternOf(params: ReadonlyMap<string, unknown>): string {
  return String(params.get('pattern')).replace(/^\^|\$$/g, '')
}

function ecrPatternText(params: ReadonlyMap<string, unknown>): string {
  return `must satisfy regular expression '${patternOf(params)}'`
}

function constraintText(keyword: string, params: ReadonlyMap<string, unknown>): string {
  const limit = String(params.get('limit'))
  switch (keyword) {
    case 'minLength':
    case 'minItems':
      return `must have length greater than or equal to ${limit}`
    case 'maxLength':
    case 'maxItems':
      return `must have length less than or equal to ${limit}`
    case 'minimum':
      return `must have value greater than or equal to ${limit}`
    case 'maximum':
      return `must have value less than or equal to ${limit}`
    case 'enum': {
      const allowed = params.get('allowedValues')
      return `must satisfy enum value set: [${Array.isArray(allowed) ? allowed.join(', ') : ''}]`
    }
    case 'pattern':
      return `must satisfy regular expression pattern: ${patternOf(params)}`
    default:
      return `must satisfy the model's ${keyword}`
  }
}

/** `/imageIds/0/imageTag` → `imageIds.1.member.imageTag`: lists count from one. */
function memberPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? `${Number(step) + 1}.member` : step))
    .join('.')
}

function valueAt(body: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null
          ? new Map<string, unknown>(Object.entries(value)).get(step)
          : undefined,
      body,
    )
}

/** ECR's own spelling, one violation at a time. */
export function invalidParameterText([first]: readonly [Violation, ...Violation[]]): string {
  return `Invalid parameter at '${first.member}' failed to satisfy constraint: '${first.ecrConstraint}'`
}

/** The spelling of operations of newer design: all violations, with the values seen. */
export function validationText(violations: readonly [Violation, ...Violation[]]): string {
  const count = violations.length
  const sentences = violations.map(
    ({ member, constraint, value }) =>
      `Value ${shownValue(value)} at '${member}' failed to satisfy constraint: Member ${constraint}`,
  )
  return `${count} validation error${count === 1 ? '' : 's'} detected: ${sentences.join('; ')}`
}

/**
 * As Query services spell it: members begin in lower case. IAM answers a text that breaks the grammar of names or paths by a
 * sentence of its own.
 */
export function queryValidationText(violations: readonly [Violation, ...Violation[]]): string {
  const [first] = violations
  const grammar = grammarSentences.get(first.constraint)
  if (violations.length === 1 && grammar !== undefined) {
    return `The specified value for ${inLowerCase(first.member)} is invalid. ${grammar}`
  }
  const [head, ...rest] = violations.map((one) => ({ ...one, member: inLowerCase(one.member) }))
  return head === undefined ? '' : validationText([head, ...rest])
}

const grammarSentences: ReadonlyMap<string, string> = new Map([
  [
    'must satisfy regular expression pattern: [\\w+=,.@-]+',
    'It must contain only alphanumeric characters and/or the following: +=,.@_-',
  ],
  [
    'must satisfy regular expression pattern: (?:/|/[!-~]+/)',
    'It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  ],
])

/** `Tags.1.member.Key` → `tags.1.member.key`. */
function inLowerCase(member: string): string {
  return member
    .split('.')
    .map((step) => step.charAt(0).toLowerCase() + step.slice(1))
    .join('.')
}

/** What came from outside is shown short. */
function shownValue(value: unknown): string {
  if (value === undefined) return 'null'
  // A list is shown as AWS prints it: `[a, b]`.
  const text =
    typeof value === 'string'
      ? value
      : Array.isArray(value) && value.every((entry) => typeof entry === 'string')
        ? `[${value.join(', ')}]`
        : JSON.stringify(value)
  return `'${text.slice(0, 200)}'`
}
