// Random policies and requests over the whole language, with so few words that statements often apply.
import fc from 'fast-check'
import { compilePolicy, type CompiledPolicy, type PolicyType } from '../../src/policy/compile.ts'
import { contextOf } from '../../src/policy/context-values.ts'
import type { AccessRequest, PolicySet } from '../../src/policy/evaluate.ts'
import { accountOf, documentOf, requesterOf } from './policies.ts'

/** A policy as people write it. */
export interface WrittenPolicy {
  readonly Version: string
  readonly Statement: readonly WrittenStatement[]
}

export type WrittenStatement = Readonly<Record<string, unknown>>

export interface WrittenPolicies {
  readonly identity: readonly WrittenPolicy[]
  readonly resource: readonly WrittenPolicy[]
  readonly boundary: readonly WrittenPolicy[] | undefined
  readonly session: readonly WrittenPolicy[] | undefined
  readonly scp: readonly (readonly WrittenPolicy[])[]
  readonly rcp: readonly (readonly WrittenPolicy[])[]
}

export interface WrittenRequest {
  readonly principal: string | null
  readonly action: string
  readonly resource: string
  readonly resourceAccount: string
  readonly context: Readonly<Record<string, string | readonly string[]>>
}

export interface WrittenQuestion {
  readonly policies: WrittenPolicies
  readonly request: WrittenRequest
}

const home = '123456789012'
const abroad = '999988887777'
const dev = `arn:aws:iam::${home}:user/dev`
const role = `arn:aws:iam::${home}:role/CI`
const session = `arn:aws:sts::${home}:assumed-role/CI/build`
const foreign = `arn:aws:iam::${abroad}:user/ext`
const foreignSession = `arn:aws:sts::${abroad}:assumed-role/X/s`
const federated = `arn:aws:sts::${home}:federated-user/dev`
const root = `arn:aws:iam::${home}:root`
const provider = `arn:aws:iam::${home}:oidc-provider/idp.example`
const service = 'replication.ecr.amazonaws.com'
const repositories = `arn:aws:ecr:us-east-1:${home}:repository`

const callers = [
  dev,
  `arn:aws:iam::${home}:user/eve`,
  root,
  session,
  federated,
  foreign,
  foreignSession,
  null,
  `service:${service}`,
  `web:${provider}`,
]

const actions = ['ecr:PutImage', 'ecr:BatchGetImage', 'ecr:SetRepositoryPolicy']
const actionPatterns = [
  '*',
  'ecr:*',
  'ecr:Put*',
  'ECR:putimage',
  'ecr:*Image',
  'ecr:?atch*',
  's3:*',
]

const resources = [`${repositories}/team/app`, `${repositories}/dev/app`, `${repositories}/*`]
const resourcePatterns = [
  '*',
  `${repositories}/*`,
  `${repositories}/team/*`,
  `${repositories}/team*`,
  `${repositories}/\${aws:username}/*`,
  `${repositories}/\${aws:PrincipalTag/team, 'team'}/a?p`,
  `${repositories}/\${*}`,
  `arn:aws:ecr:*:${home}:repository/*app`,
  `arn:aws:ecr:us-east-1:${abroad}:repository/*`,
  'arn:aws:ecr:*',
]

const texts = ['', 'dev', 'Dev', 'team', 'blue', 'b*', '*', 'a\nb', 'ı', 'K', 'ß']
const textPatterns = [
  ...texts,
  'd?v',
  '*e*',
  't*m',
  '${aws:username}',
  '${aws:PrincipalTag/team}',
  "${aws:PrincipalTag/team, 'blue'}",
  '${*}',
]
const numbers = ['0', '-1', '1', '1.0', '1.50', '10', '99999999999999999999', '1x', '']
const dates = ['2026', '2026-01-01', '2026-01-01T00:00:00Z', '2026-06-01T12:00:00+02:00']
const moreDates = ['1767225600', '4102444800', '2026-01-01T00:00:00.250Z', 'soon']
const bools = ['true', 'false', 'True', 'yes']
const binaries = ['QQ==', 'QUI=', 'Qg==', '?']
const addresses = ['203.0.113.9', '10.1.2.3', '2001:db8::1', '::ffff:10.1.2.3', 'nowhere']
const networks = ['203.0.113.0/24', '10.0.0.5/8', '0.0.0.0/0', '2001:db8::/32', '10.1.2.3', '::/0']
const arns = [dev, role, foreign, `arn:aws:iam::${home}:role/ci/CI`, 'no arn']
const arnPatterns = [
  ...arns,
  `arn:aws:iam::${home}:*`,
  'arn:aws:iam::*:user/*',
  `arn:aws:iam::${home}:user/\${aws:username}`,
  'arn:aws:*:user/dev',
  `arn:aws:iam::??????789012:role/?I`,
]

interface Family {
  readonly names: readonly string[]
  /** Keys of this family's type. */
  readonly keys: readonly string[]
  readonly wanted: readonly string[]
  readonly had: readonly string[]
}

const orders = ['LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']

const families: readonly Family[] = [
  {
    names: [
      'Equals',
      'NotEquals',
      'EqualsIgnoreCase',
      'NotEqualsIgnoreCase',
      'Like',
      'NotLike',
    ].map((name) => `String${name}`),
    keys: ['aws:username', 'aws:PrincipalTag/team', 'aws:ResourceTag/team'],
    wanted: textPatterns,
    had: texts,
  },
  {
    names: ['Equals', 'NotEquals', ...orders].map((name) => `Numeric${name}`),
    keys: ['aws:MultiFactorAuthAge'],
    wanted: numbers,
    had: numbers,
  },
  {
    names: ['Equals', 'NotEquals', ...orders].map((name) => `Date${name}`),
    keys: ['aws:CurrentTime', 'aws:TokenIssueTime'],
    wanted: [...dates, ...moreDates],
    had: [...dates, ...moreDates],
  },
  {
    names: ['Bool'],
    keys: ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'],
    wanted: bools,
    had: bools,
  },
  { names: ['BinaryEquals'], keys: ['aws:PrincipalTag/bytes'], wanted: binaries, had: binaries },
  {
    names: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp'],
    wanted: [...networks, 'nowhere'],
    had: addresses,
  },
  {
    names: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:PrincipalArn', 'aws:SourceArn'],
    wanted: arnPatterns,
    had: arns,
  },
]

/** Keys of several values, compared as texts. */
const listKeys = ['aws:TagKeys', 'aws:CalledVia']

function some<T>(values: readonly T[], atMost = 2): fc.Arbitrary<readonly T[]> {
  return fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: atMost })
}

interface WrittenTest {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

const tests: fc.Arbitrary<WrittenTest> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      operator: fc.constant('Null'),
      key: fc.constantFrom(...families.flatMap(({ keys }) => keys), ...listKeys),
      values: some(['true', 'false']),
    }),
  },
  {
    weight: 9,
    arbitrary: fc
      .record({
        family: fc.constantFrom(...families),
        set: fc.constantFrom('', '', '', '', 'ForAllValues:', 'ForAnyValue:'),
        suffix: fc.constantFrom('', '', 'IfExists'),
        isList: fc.constantFrom(false, false, false, true),
      })
      .chain(({ family, set, suffix, isList }) => {
        const keys = isList && family.names.includes('StringEquals') ? listKeys : family.keys
        return fc.record({
          operator: fc.constantFrom(...family.names).map((name) => `${set}${name}${suffix}`),
          key: fc.constantFrom(...keys),
          values: some(family.wanted, 3),
        })
      }),
  },
)

const conditions = fc.array(tests, { maxLength: 2 }).map((parts) => {
  const block: Record<string, Record<string, readonly string[]>> = {}
  for (const { operator, key, values } of parts) (block[operator] ??= {})[key] = values
  return block
})

const principals: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant('*'),
  some([home, root, dev, role, session, federated, foreign, foreignSession, abroad, '*'], 4).map(
    (AWS) => ({ AWS }),
  ),
  fc.constantFrom({ Service: service }, { Federated: provider }, { AWS: `AIDA${home}dev` }),
)

/** `words`: what the statement may have beside Effect, Action and Condition. */
function statements(words: {
  readonly hasPrincipal: boolean
  readonly hasResource: boolean
}): fc.Arbitrary<WrittenStatement> {
  return fc
    .record({
      effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      actions: some(actionPatterns),
      resources: some(resourcePatterns),
      principal: principals,
      condition: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, conditions),
      negated: fc.record({
        action: fc.constantFrom(false, false, false, true),
        resource: fc.constantFrom(false, false, false, true),
        principal: fc.constantFrom(false, false, true),
      }),
    })
    .map(({ effect, actions: named, resources: covered, principal, condition, negated }) => {
      const isExempting = negated.principal && effect === 'Deny'
      return {
        Effect: effect,
        [negated.action ? 'NotAction' : 'Action']: named,
        ...(words.hasResource ? { [negated.resource ? 'NotResource' : 'Resource']: covered } : {}),
        ...(words.hasPrincipal ? { [isExempting ? 'NotPrincipal' : 'Principal']: principal } : {}),
        Condition: condition,
      }
    })
}

function policiesOf(statement: fc.Arbitrary<WrittenStatement>): fc.Arbitrary<WrittenPolicy> {
  return fc.record({
    Version: fc.constantFrom('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17'),
    Statement: fc.array(statement, { minLength: 1, maxLength: 3 }),
  })
}

const attached = policiesOf(statements({ hasPrincipal: false, hasResource: true }))
const resourcePolicies = policiesOf(
  fc.boolean().chain((hasResource) => statements({ hasPrincipal: true, hasResource })),
)
const everything: WrittenPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}
const everythingForAll: WrittenPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
}

function levels(
  policy: fc.Arbitrary<WrittenPolicy>,
  all: WrittenPolicy,
): fc.Arbitrary<readonly (readonly WrittenPolicy[])[]> {
  const level = fc.oneof(
    fc.constant([all]),
    fc.array(policy, { minLength: 1, maxLength: 2 }),
    policy.map((one) => [all, one]),
  )
  return fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(level, { maxLength: 2 }))
}

export const writtenPolicies: fc.Arbitrary<WrittenPolicies> = fc.record({
  identity: fc.array(attached, { maxLength: 2 }),
  resource: fc.array(resourcePolicies, { maxLength: 2 }),
  boundary: fc.option(fc.array(attached, { minLength: 1, maxLength: 1 }), {
    nil: undefined,
    freq: 1,
  }),
  session: fc.option(fc.array(attached, { minLength: 1, maxLength: 1 }), {
    nil: undefined,
    freq: 1,
  }),
  scp: levels(attached, everything),
  rcp: levels(
    policiesOf(
      statements({ hasPrincipal: true, hasResource: true }).map((statement) => {
        const { NotPrincipal: _, ...rest } = statement
        return { ...rest, Principal: '*' }
      }),
    ),
    everythingForAll,
  ),
})

const contexts: fc.Arbitrary<WrittenRequest['context']> = fc
  .tuple(
    ...families.flatMap(({ keys, had }) =>
      keys.map((key) =>
        fc
          .option(fc.constantFrom(...had), { nil: undefined })
          .map((value) => [key, value] as const),
      ),
    ),
    ...listKeys.map((key) =>
      fc
        .option(fc.array(fc.constantFrom(...texts), { maxLength: 3 }), { nil: undefined })
        .map((value) => [key, value] as const),
    ),
  )
  .map((entries) => {
    const context: Record<string, string | readonly string[]> = {}
    for (const [key, value] of entries) if (value !== undefined) context[key] = value
    return context
  })

export const writtenRequests: fc.Arbitrary<WrittenRequest> = fc.record({
  principal: fc.constantFrom(...callers),
  action: fc.constantFrom(...actions),
  resource: fc.constantFrom(...resources),
  resourceAccount: fc.constant(home),
  context: contexts,
})

export const writtenQuestions: fc.Arbitrary<WrittenQuestion> = fc.record({
  policies: writtenPolicies,
  request: writtenRequests,
})

/** Statements that could be added to a policy of this type. */
export function writtenStatements(type: PolicyType): fc.Arbitrary<WrittenStatement> {
  const hasPrincipal = type === 'resource' || type === 'trust'
  return statements({ hasPrincipal, hasResource: true })
}

/** Policies are called `TYPE LEVEL.INDEX`. */
export function compiled(
  type: PolicyType,
  policies: readonly WrittenPolicy[],
  level = 0,
): CompiledPolicy[] {
  return policies.map((policy, index) =>
    compilePolicy(documentOf(policy), { type, id: `${type} ${level}.${index}` }, new Map()),
  )
}

export function policySetOf(policies: WrittenPolicies): PolicySet {
  const { identity, resource, boundary, session: limits, scp, rcp } = policies
  return {
    identity: compiled('identity', identity),
    resource: compiled('resource', resource),
    boundary: boundary === undefined ? undefined : compiled('boundary', boundary),
    session: limits === undefined ? undefined : compiled('session', limits),
    scp: scp.map((level, index) => compiled('scp', level, index)),
    rcp: rcp.map((level, index) => compiled('rcp', level, index)),
  }
}

export function requestOf(request: WrittenRequest): AccessRequest {
  const { principal, action, resource, resourceAccount, context } = request
  return {
    requester: requesterOf(principal),
    action,
    resource,
    resourceAccount: accountOf(resourceAccount),
    context: contextOf(context),
  }
}
