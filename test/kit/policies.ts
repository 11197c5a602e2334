// Policies for tests, from the JSON that people write.
import { parseAccountId, type AccountId } from '../../src/policy/account-id.ts'
import type {
  ConditionTest,
  PatternElement,
  PolicyDocument,
  PrincipalElement,
  PrincipalForm,
  Statement,
} from '../../src/policy/document.ts'
import type { Requester } from '../../src/policy/requester.ts'

export function accountOf(text: string): AccountId {
  const account = parseAccountId(text)
  if (account === undefined) throw new Error(`no account: ${text}`)
  return account
}

type Json = Readonly<Record<string, unknown>>

const nowhere = { pointer: '', line: 1, column: 1 }

/** Reads what a test wrote; a test that writes no policy fails here. */
export function documentOf(policy: unknown): PolicyDocument {
  const { Version: version, Statement: statements } = policy as Json
  return {
    version: version === '2012-10-17' ? version : '2008-10-17',
    id: undefined,
    statements: listOf(statements).map((statement, index) => statementOf(statement as Json, index)),
  }
}

function statementOf(statement: Json, index: number): Statement {
  const { Sid: sid, Effect: effect, Condition: conditions } = statement
  return {
    index,
    sid: typeof sid === 'string' ? sid : undefined,
    effect: effect === 'Allow' ? 'Allow' : 'Deny',
    principal: principalOf(statement),
    action: patternsOf(statement, 'Action') ?? { isNegated: false, patterns: [] },
    resource: patternsOf(statement, 'Resource'),
    conditions: conditionsOf(conditions as Json | undefined),
    at: nowhere,
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function patternsOf(statement: Json, name: string): PatternElement | undefined {
  for (const isNegated of [false, true]) {
    const value = statement[isNegated ? `Not${name}` : name]
    if (value !== undefined) return { isNegated, patterns: listOf(value).map(String) }
  }
  return undefined
}

function principalOf(statement: Json): PrincipalElement | undefined {
  for (const isNegated of [false, true]) {
    const value = statement[isNegated ? 'NotPrincipal' : 'Principal']
    if (value === undefined) continue
    const types = typeof value === 'string' ? { AWS: value } : (value as Json)
    return {
      isNegated,
      members: Object.entries(types).flatMap(([type, names]) =>
        listOf(names).map((name) => formOf(type, String(name))),
      ),
    }
  }
  return undefined
}

function formOf(type: string, name: string): PrincipalForm {
  if (type === 'Service') return { kind: 'service', name }
  if (type === 'Federated') return { kind: 'oidc-provider', arn: name }
  if (name === '*') return { kind: 'everyone' }
  if (/^\d{12}$/.test(name)) return { kind: 'account', account: accountOf(name) }
  if (/^A(?:IDA|ROA)/.test(name)) return { kind: 'unique-id', id: name }
  const [, account = '', kind = ''] = /^arn:aws:(?:iam|sts)::(\d{12}):([a-z-]+)/.exec(name) ?? []
  if (kind === 'root') return { kind: 'account', account: accountOf(account) }
  const kinds: Readonly<Record<string, 'user' | 'role' | 'session' | 'federated-user'>> = {
    user: 'user',
    role: 'role',
    'assumed-role': 'session',
    'federated-user': 'federated-user',
  }
  const form = kinds[kind]
  if (form === undefined) throw new Error(`no principal: ${name}`)
  return { kind: form, account: accountOf(account), arn: name }
}

function conditionsOf(conditions: Json = {}): readonly ConditionTest[] {
  return Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys as Json).map(([key, values]) => ({
      operator,
      key,
      values: listOf(values).map(String),
      at: nowhere,
    })),
  )
}

/**
 * Who an ARN names, with an id made from the name; null is anonymous, `service:NAME` and `web:ARN` are what they say. A role
 * has no path here unless `roleArn` gives it.
 */
export function requesterOf(arn: string | null, roleArn?: string): Requester {
  if (arn === null) return { kind: 'anonymous' }
  if (arn.startsWith('service:')) return { kind: 'service', name: arn.slice('service:'.length) }
  if (arn.startsWith('web:')) return { kind: 'web-identity', providerArn: arn.slice('web:'.length) }
  const [, account = '', name = ''] = /^arn:aws:(?:iam|sts)::(\d{12}):(.+)$/.exec(arn) ?? []
  const owner = accountOf(account)
  const [kind, first = '', session = ''] = name.split('/')
  if (kind === 'root') return { kind: 'root', account: owner }
  if (kind === 'user') return { kind: 'user', account: owner, id: `AIDA${account}${first}`, arn }
  if (kind === 'federated-user') {
    const userArn = `arn:aws:iam::${account}:user/${first}`
    const userId = `AIDA${account}${first}`
    return { kind: 'federated-user', account: owner, sessionArn: arn, userId, userArn }
  }
  if (session === '') throw new Error(`no requester: ${arn}`)
  return {
    kind: 'assumed-role',
    account: owner,
    roleId: `AROA${account}${first}`,
    roleArn: roleArn ?? `arn:aws:iam::${account}:role/${first}`,
    sessionArn: arn,
  }
}
