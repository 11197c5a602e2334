import type { Clock } from '../lib/clock.ts'
import { formatArn, rootArn, userArn } from '../policy/arn.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { SessionFacts } from './caller.ts'
import type { Principal } from './principal.ts'
import type { CarriedPolicy, SessionClaims } from './rules/session-claims.ts'
import {
  findSessionPolicy,
  findSessionRole,
  findSessionUser,
  type SessionEntity,
} from './session-store.ts'

/**
 * The principal of a session that was opened under our key. Undefined when its time is over, when it was revoked, when its user
 * or role is gone (one of the same name made again is another), when the account is closed, or when one of its policies cannot
 * be found: a session without its limits would be wider than it was made.
 */
export async function findSession(
  deps: { readonly reader: SqlReader; readonly clock: Clock },
  claims: SessionClaims,
): Promise<Principal | undefined> {
  if (claims.expiresAt.getTime() <= deps.clock.now().getTime()) return undefined
  const entity = await findEntity(deps.reader, claims)
  if (entity === undefined || isRevoked(entity, claims)) return undefined
  const policies = await policiesOf(deps.reader, claims.policies)
  if (policies === undefined) return undefined
  const { issuedAt, expiresAt, policyArns, tags, transitiveTagKeys } = claims
  const { sourceIdentity, federatedProvider } = claims
  const session: SessionFacts = {
    issuedAt,
    expiresAt,
    policies,
    policyArns,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    federatedProvider,
    claims: claims.claims,
  }
  return { ...identityOf(entity, claims), accessKeyId: claims.accessKeyId, session }
}

async function findEntity(
  reader: SqlReader,
  { owner, accessKeyId }: SessionClaims,
): Promise<SessionEntity | undefined> {
  const named = owner.kind === 'user' ? owner.id : `${owner.id}:${owner.sessionName}`
  const subjects = [owner.id, named, accessKeyId] as const
  return owner.kind === 'role'
    ? findSessionRole(reader, subjects)
    : findSessionUser(reader, subjects)
}

function isRevoked({ revokedBefore }: SessionEntity, { issuedAt }: SessionClaims): boolean {
  return revokedBefore !== undefined && issuedAt.getTime() < revokedBefore.getTime()
}

async function policiesOf(
  reader: SqlReader,
  carried: readonly CarriedPolicy[],
): Promise<readonly string[] | undefined> {
  const found = await Promise.all(
    carried.map(async (policy) =>
      'text' in policy ? policy.text : findSessionPolicy(reader, policy.hash),
    ),
  )
  const policies = found.filter((text) => text !== undefined)
  return policies.length === carried.length ? policies : undefined
}

type Identity = Pick<
  Principal,
  'accountId' | 'requester' | 'principalArn' | 'principalId' | 'principalName'
>

function identityOf(entity: SessionEntity, { owner }: SessionClaims): Identity {
  switch (owner.kind) {
    case 'user':
      return entity.isRoot ? rootIdentity(entity) : userIdentity(entity, owner.id)
    case 'role':
      return roleIdentity(entity, owner.id, owner.sessionName)
    case 'federated-user':
      return federatedIdentity(entity, owner.id, owner.sessionName)
  }
}

function rootIdentity({ account }: SessionEntity): Identity {
  return {
    accountId: account,
    requester: { kind: 'root', account },
    principalArn: rootArn(account),
    principalId: account,
    principalName: 'root',
  }
}

function userIdentity({ account, path, name }: SessionEntity, id: string): Identity {
  const arn = userArn(account, name, path)
  return {
    accountId: account,
    requester: { kind: 'user', account, id, arn },
    principalArn: arn,
    principalId: id,
    principalName: name,
  }
}

function roleIdentity(entity: SessionEntity, roleId: string, sessionName: string): Identity {
  const { account, path, name } = entity
  const sessionArn = stsArn(account, `assumed-role/${name}/${sessionName}`)
  const roleArn = iamArn(account, `role${path}${name}`)
  return {
    accountId: account,
    requester: { kind: 'assumed-role', account, roleId, roleArn, sessionArn },
    principalArn: sessionArn,
    principalId: `${roleId}:${sessionName}`,
    principalName: sessionName,
  }
}

function federatedIdentity(entity: SessionEntity, userId: string, sessionName: string): Identity {
  const { account, path, name } = entity
  const sessionArn = stsArn(account, `federated-user/${sessionName}`)
  const arn = entity.isRoot ? rootArn(account) : userArn(account, name, path)
  return {
    accountId: account,
    requester: { kind: 'federated-user', account, sessionArn, userId, userArn: arn },
    principalArn: sessionArn,
    principalId: `${account}:${sessionName}`,
    principalName: sessionName,
  }
}

function iamArn(account: SessionEntity['account'], resource: string): string {
  return formatArn({ service: 'iam', region: '', account, resource })
}

function stsArn(account: SessionEntity['account'], resource: string): string {
  return formatArn({ service: 'sts', region: '', account, resource })
}
