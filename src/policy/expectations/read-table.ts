// Purpose:  read a table of expectations that people keep beside their policies.
// Spec:     our own; docs/policies.md, "Expectations in a table".
// Input:    a value as a YAML parser gives it; written by people, of any shape.
// Deviates: nothing.
// Unknowns: a member that the form does not have is a problem, never passed over.
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { nearest } from '../../lib/nearest.ts'

const closed = { additionalProperties: false }
const text = Type.String({ minLength: 1, maxLength: 4096 })
const names = Type.Array(text, { maxItems: 100 })
const one = Type.Union([text, Type.Array(text, { minItems: 1, maxItems: 1000 })])
const value = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])
const context = Type.Record(text, Type.Union([value, Type.Array(Type.String())]))
const levels = Type.Array(names, { maxItems: 10 })

const principal = Type.Object(
  {
    /** A user, a role (a session of it asks), a session, root, a provider, a service; or `anonymous`. */
    arn: text,
    /** Its unique id, where a policy names that. */
    id: Type.Optional(text),
    tags: Type.Optional(Type.Record(text, Type.String())),
    identity: Type.Optional(names),
    boundary: Type.Optional(names),
    session: Type.Optional(names),
    scp: Type.Optional(levels),
  },
  closed,
)

const expectation = Type.Object(
  {
    name: Type.Optional(text),
    principal: one,
    action: one,
    resource: one,
    context: Type.Optional(context),
    /** In the place of the table's. */
    'resource-policies': Type.Optional(names),
    expect: Type.Enum(['allow', 'deny', 'explicit-deny', 'implicit-deny']),
    /** POLICY, POLICY/SID or POLICY/INDEX, which must be among what decided. */
    by: Type.Optional(text),
  },
  closed,
)

const table = Type.Object(
  {
    account: Type.String({ pattern: '^[0-9]{12}$' }),
    region: Type.Optional(text),
    /** A path beside the table, or the policy itself. */
    policies: Type.Record(text, Type.Union([text, Type.Object({})])),
    principals: Type.Record(text, Type.Union([text, principal])),
    'resource-policies': Type.Optional(names),
    rcp: Type.Optional(levels),
    context: Type.Optional(context),
    tests: Type.Array(expectation, { minItems: 1, maxItems: 10_000 }),
  },
  closed,
)

export type ExpectationTable = Static<typeof table>
export type Expectation = Static<typeof expectation>
export type TablePrincipal = Static<typeof principal>
export type TableContext = Static<typeof context>

export type TableReading =
  | { readonly kind: 'table'; readonly table: ExpectationTable }
  | { readonly kind: 'malformed'; readonly problems: readonly string[] }

const validator = Compile(table)
const members = [table, principal, expectation].flatMap(({ properties }) => Object.keys(properties))

/** Every problem is one sentence that begins with its place: `tests/3/expect`. */
export function readTable(given: unknown): TableReading {
  if (validator.Check(given)) return { kind: 'table', table: given }
  const faults = validator.Errors(given).map(({ instancePath, message }) => ({
    place: instancePath.slice(1),
    message: message === notAllowed ? undefined : message,
  }))
  const problems = faults
    // What a part is said to lack says more than that the whole is of no form.
    .filter(({ place }) => !faults.some((other) => other.place.startsWith(`${place}/`)))
    .map(({ place, message }) =>
      message === undefined ? misnamed(place) : `${place || 'the table'}: ${message}`,
    )
  const [first = 'the table: its form is another', ...others] = new Set(problems)
  return { kind: 'malformed', problems: [first, ...others].slice(0, 20) }
}

/** How the validator says that a member is none of the form's. */
const notAllowed = 'schema is false'

function misnamed(place: string): string {
  const [member = '', ...above] = place.split('/').toReversed()
  const known = nearest(member, members)
  const advice = known === undefined ? '' : `; ${known} is near`
  return `${above.toReversed().join('/') || 'the table'}: there is no ${member}${advice}`
}
