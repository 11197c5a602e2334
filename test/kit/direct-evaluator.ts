// The evaluation logic read straight from the policies' JSON, slowly and with other means than the compiled one.
import type { Requester } from '../../src/policy/requester.ts'
import { requesterOf } from './policies.ts'
import type {
  WrittenPolicies,
  WrittenPolicy,
  WrittenQuestion,
  WrittenRequest,
  WrittenStatement,
} from './policy-arbitraries.ts'

type Context = WrittenRequest['context']

interface Subject {
  readonly request: WrittenRequest
  readonly requester: Requester
  readonly hasBoundary: boolean
}

/** What a decision must come to. */
export function decideDirectly(
  question: WrittenQuestion,
): 'allow' | 'explicit-deny' | 'implicit-deny' {
  const { policies, request } = question
  const requester = requesterOf(request.principal)
  const subject = { request, requester, hasBoundary: policies.boundary !== undefined }
  const isMember = 'account' in requester
  const isHome = isMember && requester.account === request.resourceAccount
  const rails = [...(isMember ? policies.scp : []), ...policies.rcp]
  const isRootsWay =
    requester.kind === 'root' && isHome && request.action === 'ecr:SetRepositoryPolicy'
  const bound = [
    ...rails.flat(),
    ...(isRootsWay ? [] : policies.resource),
    ...policies.identity,
    ...(policies.boundary ?? []),
    ...(policies.session ?? []),
  ]
  if (anyApplies(bound, 'Deny', subject)) return 'explicit-deny'
  const isRailed = rails.every((level) => anyApplies(level, 'Allow', subject))
  return isRailed && isGranted(policies, subject, isMember, isHome) ? 'allow' : 'implicit-deny'
}

function isGranted(
  policies: WrittenPolicies,
  subject: Subject,
  isMember: boolean,
  isHome: boolean,
): boolean {
  const ways = policies.resource
    .flatMap((policy) => policy.Statement.map((statement) => ({ policy, statement })))
    .filter(({ policy, statement }) => applies(statement, policy, 'Allow', subject))
    .flatMap(({ statement }) => waysNamed(statement['Principal'], subject.requester))
  if (!isMember) return ways.length > 0
  const isLimited =
    (policies.boundary === undefined || anyApplies(policies.boundary, 'Allow', subject)) &&
    (policies.session === undefined || anyApplies(policies.session, 'Allow', subject))
  const hasIdentity =
    subject.requester.kind === 'root' || anyApplies(policies.identity, 'Allow', subject)
  if (!isHome) return ways.length > 0 && hasIdentity && isLimited
  return ways.includes('itself') || (isLimited && (hasIdentity || ways.includes('its role')))
}

function anyApplies(
  policies: readonly WrittenPolicy[],
  effect: 'Allow' | 'Deny',
  subject: Subject,
): boolean {
  return policies.some((policy) =>
    policy.Statement.some((statement) => applies(statement, policy, effect, subject)),
  )
}

function applies(
  statement: WrittenStatement,
  policy: WrittenPolicy,
  effect: 'Allow' | 'Deny',
  subject: Subject,
): boolean {
  const { request, requester } = subject
  const { Action, NotAction, Resource, NotResource, Principal, NotPrincipal, Condition } = statement
  if (statement['Effect'] !== effect) return false
  const asked = request.action.toLowerCase()
  const isAsked = listOf(Action ?? NotAction).some(
    (pattern) => matchesText(pattern.toLowerCase(), asked, policy, {}) === true,
  )
  if (isAsked !== (Action !== undefined)) return false
  if (Principal !== undefined && waysNamed(Principal, requester).length === 0) return false
  if (NotPrincipal !== undefined && !subject.hasBoundary && isExempt(NotPrincipal, requester)) {
    return false
  }
  const covered = listOf(Resource ?? NotResource ?? '*').map((pattern) =>
    pattern === '*' ? true : coversArn(pattern, request.resource, policy, request.context),
  )
  if (NotResource === undefined ? !covered.includes(true) : covered.includes(true)) return false
  if (NotResource !== undefined && covered.includes(undefined) && effect === 'Allow') return false
  return Object.entries((Condition ?? {}) as Record<string, Record<string, unknown>>).every(
    ([operator, keys]) =>
      Object.entries(keys).every(([key, values]) =>
        holds(operator, request.context[key], listOf(values), policy, effect, request.context),
      ),
  )
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String)
}

function namesOf(principal: unknown): readonly string[] {
  if (principal === '*') return ['*']
  return Object.values(principal as Record<string, unknown>).flatMap(listOf)
}

/** The names under which a requester is known, from itself outwards. */
function chainOf(requester: Requester): readonly (readonly string[])[] {
  switch (requester.kind) {
    case 'anonymous':
      return []
    case 'service':
      return [[requester.name]]
    case 'web-identity':
      return [[requester.providerArn]]
    case 'root':
      return [accountNames(requester.account)]
    case 'user':
      return [[requester.arn, requester.id], accountNames(requester.account)]
    case 'assumed-role':
      return [
        [requester.sessionArn],
        [requester.roleArn, requester.roleId],
        accountNames(requester.account),
      ]
    case 'federated-user':
      return [
        [requester.sessionArn],
        [requester.userArn, requester.userId],
        accountNames(requester.account),
      ]
  }
}

function accountNames(account: string): readonly string[] {
  return [account, `arn:aws:iam::${account}:root`]
}

function waysNamed(
  principal: unknown,
  requester: Requester,
): readonly ('itself' | 'its role' | 'its account')[] {
  const names = namesOf(principal)
  if (names.includes('*')) return ['itself']
  const chain = chainOf(requester)
  return chain.flatMap((level, index) => {
    if (!level.some((name) => names.includes(name))) return []
    const isOutermost = index === chain.length - 1 && 'account' in requester
    if (isOutermost) return ['its account' as const]
    return [index === 0 ? ('itself' as const) : ('its role' as const)]
  })
}

function isExempt(principal: unknown, requester: Requester): boolean {
  const names = namesOf(principal)
  const chain = chainOf(requester)
  if (names.includes('*')) return true
  return chain.length > 0 && chain.every((level) => level.some((name) => names.includes(name)))
}

/** Undefined: a variable has no value. Matched by regular expressions, which the product never makes from data. */
function expand(
  pattern: string,
  policy: WrittenPolicy,
  context: Context,
  hasWildcards: boolean,
): string | undefined {
  const hasVariables = policy.Version === '2012-10-17'
  const parts = pattern.match(/\$\{[^}]*\}|[\s\S]/g) ?? []
  let expression = ''
  for (const part of parts) {
    if (hasVariables && part.startsWith('${')) {
      const [name = '', fallback] = part.slice(2, -1).split(/\s*,\s*/)
      const value = ['*', '?', '$'].includes(name) ? name : context[name]
      const text = value ?? fallback?.slice(1, -1)
      if (typeof text !== 'string') return undefined
      expression += escaped(text)
    } else if (hasWildcards && part === '*') expression += '[\\s\\S]*'
    else if (hasWildcards && part === '?') expression += '[\\s\\S]'
    else expression += escaped(part)
  }
  return expression
}

function matchesText(
  pattern: string,
  text: string,
  policy: WrittenPolicy,
  context: Context,
): boolean | undefined {
  const expression = expand(pattern, policy, context, true)
  return expression === undefined ? undefined : new RegExp(`^${expression}$`).test(text)
}

function coversArn(
  pattern: string,
  arn: string,
  policy: WrittenPolicy,
  context: Context,
): boolean | undefined {
  const fields = splitFields(pattern)
  if (fields.length < 6 && fields.at(-1) === '*') {
    while (fields.length < 6) fields.push('*')
  }
  return matchesFields(fields, arn, policy, context)
}

function splitFields(text: string): string[] {
  const parts = text.split(':')
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')]
}

function matchesFields(
  wanted: readonly string[],
  arn: string,
  policy: WrittenPolicy,
  context: Context,
): boolean | undefined {
  if (wanted.length !== 6) return undefined
  const had = splitFields(arn)
  if (had.length !== 6 || had[0] !== 'arn') return false
  const matched = wanted.map((field, index) =>
    matchesText(field, had[index] ?? '', policy, context),
  )
  if (matched.includes(false)) return false
  return matched.includes(undefined) ? undefined : true
}

function holds(
  operator: string,
  value: string | readonly string[] | undefined,
  wanted: readonly string[],
  policy: WrittenPolicy,
  effect: 'Allow' | 'Deny',
  context: Context,
): boolean {
  const isAbsent = value === undefined || (Array.isArray(value) && value.length === 0)
  if (operator === 'Null') return wanted.includes(String(isAbsent))
  const isAll = operator.startsWith('ForAllValues:')
  const isAny = operator.startsWith('ForAnyValue:')
  const base = operator.replace(/^For\w+:/, '').replace(/IfExists$/, '')
  const isNegated = base.includes('Not')
  if (isAbsent) return operator.endsWith('IfExists') || isAll || (!isAny && isNegated)
  const one = (member: string): boolean =>
    wanted.some((text) => compares(base.replace('Not', ''), member, text, policy, context)) !==
    isNegated
  const members = typeof value === 'string' ? [value] : value
  if (isAll) return members.every(one) || (members.length === 1 && members[0] === '')
  if (isAny || typeof value === 'string') return members.some(one)
  return effect === 'Deny' && members.some(one)
}

function compares(
  operator: string,
  had: string,
  wanted: string,
  policy: WrittenPolicy,
  context: Context,
): boolean {
  const order = /(?:LessThan|GreaterThan)?(?:Equals)?$/.exec(operator)?.[0] ?? ''
  if (operator === 'StringLike') return matchesText(wanted, had, policy, context) === true
  if (operator.startsWith('StringEquals')) {
    const expression = expand(wanted, policy, context, false)
    // The u flag makes i use simple case folding.
    const flags = operator.endsWith('IgnoreCase') ? 'iu' : ''
    return expression !== undefined && new RegExp(`^${expression}$`, flags).test(had)
  }
  if (operator.startsWith('Numeric')) return isOrdered(order, numberOf(had), numberOf(wanted))
  if (operator.startsWith('Date')) return isOrdered(order, instantOf(had), instantOf(wanted))
  if (operator === 'Bool') {
    return /^(?:true|false)$/i.test(wanted) && had.toLowerCase() === wanted.toLowerCase()
  }
  if (operator === 'BinaryEquals') return /^[\w+/]+=*$/.test(wanted) && had === wanted
  if (operator === 'IpAddress') return isWithin(had, wanted)
  return matchesFields(splitFields(wanted), had, policy, context) === true
}

function isOrdered(order: string, had: bigint | undefined, wanted: bigint | undefined): boolean {
  if (had === undefined || wanted === undefined) return false
  if (had === wanted) return order.endsWith('Equals')
  return had < wanted ? order.startsWith('LessThan') : order.startsWith('GreaterThan')
}

/** In hundredths. */
function numberOf(text: string): bigint | undefined {
  const [, sign = '', whole = '', fraction = ''] =
    /^([+-]?)([0-9]+)(?:\.([0-9]{1,2}))?$/.exec(text) ?? []
  return whole === '' ? undefined : BigInt(`${sign}${whole}${fraction.padEnd(2, '0')}`)
}

/** In milliseconds; the platform reads the same forms. */
function instantOf(text: string): bigint | undefined {
  if (/^[0-9]{5,}$/.test(text)) return BigInt(text) * 1000n
  const milliseconds = Date.parse(text)
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds)
}

function isWithin(address: string, network: string): boolean {
  const [base = '', length] = network.split('/')
  const had = bitsOf(address)
  const wanted = bitsOf(base)
  if (had === undefined || wanted?.length !== had.length) return false
  const prefix = length === undefined ? had.length : Number(length)
  return had.slice(0, prefix) === wanted.slice(0, prefix)
}

function bitsOf(address: string): string | undefined {
  const mapped = address.replace(/^::ffff:(?=.*\.)/, '')
  if (/^[0-9.]+$/.test(mapped)) {
    return mapped
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  }
  if (!mapped.includes(':')) return undefined
  const [head = '', tail = ''] = mapped.split('::')
  const words = (text: string): readonly string[] => text.split(':').filter((word) => word !== '')
  const zeros = 8 - words(head).length - words(tail).length
  return [...words(head), ...Array.from({ length: zeros }, () => '0'), ...words(tail)]
    .map((word) => Number.parseInt(word, 16).toString(2).padStart(16, '0'))
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}
