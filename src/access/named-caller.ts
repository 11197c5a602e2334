import type { AccountId } from '../policy/account-id.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { parseArn } from '../policy/arn.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { anonymousCaller, anonymousId } from './anonymous.ts'
import type { Caller, SessionFacts } from './caller.ts'
import { findArnOfPrincipal, findNamedPrincipal, findRoleIdByName } from './principal-arn-store.ts'

/** Of a session that nobody has: for questions about what a role may do. */
const imaginedSession = 'explain'

const nowhere = { sourceAddress: '', secureTransport: false } as const

/**
 * A caller as it would be if the principal asked: a user, role, session or root by its ARN, an account by its digits, or
 * `anonymous`. Undefined for one that is not here.
 */
export async function imagineCaller(
  reader: SqlReader,
  principal: string,
  asked: { readonly account: AccountId; readonly now: Date },
): Promise<Caller | undefined> {
  if (principal === anonymousId) return anonymousCaller(asked.account, nowhere)
  const root = rootAccountOf(principal)
  if (root !== undefined) return rootCaller(root)
  const session = await findNamedSession(reader, principal)
  if (session !== undefined) return sessionCaller(reader, session, asked.now)
  const named = await findNamedPrincipal(reader, principal)
  const arn = parseArn(principal)
  if (named.kind !== 'entity' || arn?.account === undefined) return undefined
  const { account, resource } = arn
  const { id } = named
  return resource.startsWith('user/')
    ? userCaller(account, id, principal)
    : roleCaller({ account, id, roleArn: principal }, asked.now)
}

interface NamedSession {
  readonly account: AccountId
  readonly id: string
  readonly session: string
}

async function findNamedSession(
  reader: SqlReader,
  principal: string,
): Promise<NamedSession | undefined> {
  const [, digits = '', role = '', session = ''] =
    /^arn:aws:sts::([0-9]{12}):assumed-role\/([^/]+)\/([^/]+)$/.exec(principal) ?? []
  const account = parseAccountId(digits)
  const id = account === undefined ? undefined : await findRoleIdByName(reader, account, role)
  return account === undefined || id === undefined ? undefined : { account, id, session }
}

function rootAccountOf(principal: string): AccountId | undefined {
  return (
    parseAccountId(principal) ??
    parseAccountId(/^arn:aws:iam::([0-9]{12}):root$/.exec(principal)?.[1] ?? '')
  )
}

export function rootCaller(account: AccountId): Caller {
  return {
    accountId: account,
    requester: { kind: 'root', account },
    principalArn: `arn:aws:iam::${account}:root`,
    principalId: account,
    principalName: 'root',
    ...unshown,
    session: undefined,
  }
}

const unshown = { ...nowhere, accessKeyId: undefined, method: 'sigv4' } as const

export function userCaller(account: AccountId, id: string, arn: string): Caller {
  return {
    accountId: account,
    requester: { kind: 'user', account, id, arn },
    principalArn: arn,
    principalId: id,
    principalName: nameIn(arn),
    ...unshown,
    session: undefined,
  }
}

async function sessionCaller(
  reader: SqlReader,
  { account, id, session }: NamedSession,
  now: Date,
): Promise<Caller | undefined> {
  const roleArn = await findArnOfPrincipal(reader, id)
  return roleArn === undefined ? undefined : roleCaller({ account, id, session, roleArn }, now)
}

/** A session of the role, by default one that nobody has. */
export function roleCaller(
  role: {
    readonly account: AccountId
    readonly id: string
    readonly roleArn: string
    readonly session?: string
  },
  now: Date,
): Caller {
  const { account, id, roleArn, session = imaginedSession } = role
  const sessionArn = `arn:aws:sts::${account}:assumed-role/${nameIn(roleArn)}/${session}`
  return {
    accountId: account,
    requester: { kind: 'assumed-role', account, roleId: id, roleArn, sessionArn },
    principalArn: sessionArn,
    principalId: `${id}:${session}`,
    principalName: session,
    ...unshown,
    session: plainSession(now),
  }
}

function plainSession(now: Date): SessionFacts {
  return {
    issuedAt: now,
    expiresAt: new Date(now.getTime() + 3_600_000),
    policies: [],
    policyArns: [],
    tags: {},
    transitiveTagKeys: [],
    sourceIdentity: undefined,
    federatedProvider: undefined,
    claims: {},
  }
}

function nameIn(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
