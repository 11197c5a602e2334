import type {
  ConditionTest,
  PatternElement,
  PrincipalElement,
  PrincipalForm,
  Statement,
} from './document.ts'
import { principalText } from './principal-match.ts'

/** A statement as JSON has it, ready to be put into a policy. */
export interface StatementJson {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: PrincipalJson
  readonly NotPrincipal?: PrincipalJson
  readonly Action?: OneOrMore
  readonly NotAction?: OneOrMore
  readonly Resource?: OneOrMore
  readonly NotResource?: OneOrMore
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>
}

type OneOrMore = string | readonly string[]
type PrincipalJson = '*' | Readonly<Partial<Record<'AWS' | 'Service' | 'Federated', OneOrMore>>>

/** The inverse of reading: parsed again, the statement is the same but for its place and its number's spelling. */
export function writeStatement(statement: Statement): StatementJson {
  const { sid, effect, principal, action, resource, conditions } = statement
  return {
    ...(sid === undefined ? {} : { Sid: sid }),
    Effect: effect,
    ...(principal === undefined ? {} : writePrincipal(principal)),
    ...writePatterns('Action', action),
    ...(resource === undefined ? {} : writePatterns('Resource', resource)),
    ...(conditions.length === 0 ? {} : { Condition: writeConditions(conditions) }),
  }
}

function writePatterns(
  name: 'Action' | 'Resource',
  { isNegated, patterns }: PatternElement,
): Partial<StatementJson> {
  return { [isNegated ? `Not${name}` : name]: oneOrMore(patterns) }
}

function oneOrMore(values: readonly string[]): OneOrMore {
  const [only, ...others] = values
  return only !== undefined && others.length === 0 ? only : values
}

function writePrincipal({ isNegated, members }: PrincipalElement): Partial<StatementJson> {
  const value = members.every(({ kind }) => kind === 'everyone') ? '*' : writeMembers(members)
  return isNegated ? { NotPrincipal: value } : { Principal: value }
}

function writeMembers(members: readonly PrincipalForm[]): PrincipalJson {
  const groups = Map.groupBy(members, ({ kind }) => {
    if (kind === 'service') return 'Service'
    return kind === 'oidc-provider' ? 'Federated' : 'AWS'
  })
  return Object.fromEntries(
    [...groups].map(([type, forms]) => [type, oneOrMore(forms.map(principalText))]),
  )
}

function writeConditions(tests: readonly ConditionTest[]): StatementJson['Condition'] & object {
  const block: Record<string, Record<string, OneOrMore>> = {}
  for (const { operator, key, values } of tests) (block[operator] ??= {})[key] = oneOrMore(values)
  return block
}
