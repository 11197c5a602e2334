// Identities and their policies as rows, each change with its epoch: for tests of what is decided by them.
import { insertAccessKey } from '../../src/access/access-key-store.ts'
import { insertAccount } from '../../src/access/account-store.ts'
import type { Caller, SessionFacts } from '../../src/access/caller.ts'
import { bumpPolicyEpoch } from '../../src/access/policy-epoch-store.ts'
import type { SealKeys } from '../../src/access/rules/seal.ts'
import { sealSecret } from '../../src/access/rules/seal-secret.ts'
import { insertUser } from '../../src/access/user-store.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { AccountId } from '../../src/policy/account-id.ts'
import type { Database, SqlWriter } from '../../src/storage/database/database.ts'
import { plainSession } from './sessions.ts'

export const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'

const madeAt = new Date(1_000)

export interface Identities {
  addAccount(account: AccountId): Promise<void>
  addUser(account: AccountId, id: string, name: string, path?: string): Promise<void>
  addRole(account: AccountId, id: string, name: string, path?: string): Promise<void>
  deleteRole(id: string): Promise<void>
  /** A group of that one user. */
  addGroup(account: AccountId, id: string, userId: string): Promise<void>
  tag(ownerId: string, key: string, value: string): Promise<void>
  /** An inline policy of that name: one or several statements. */
  put(ownerId: string, name: string, ...statements: readonly object[]): Promise<void>
  putText(ownerId: string, name: string, document: string): Promise<void>
  remove(ownerId: string, name: string): Promise<void>
  addManaged(account: AccountId, name: string, ...statements: readonly object[]): Promise<string>
  attach(ownerId: string, arn: string): Promise<void>
  detach(ownerId: string, arn: string): Promise<void>
  bound(userId: string, arn: string): Promise<void>
  putGuardRail(
    account: AccountId,
    kind: 'scp' | 'rcp',
    level: number,
    ...statements: readonly object[]
  ): Promise<void>
  /** Anything else, in a transaction of its own that grows the epoch. */
  change(work: (tx: SqlWriter) => Promise<unknown>): Promise<void>
}

export function policyText(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function identitiesIn(database: Database): Identities {
  const change: Identities['change'] = async (work) => {
    await database.transaction(async (tx) => {
      await work(tx)
      await bumpPolicyEpoch(tx)
    })
  }
  const run = async (sql: string, ...parameters: readonly (string | number)[]): Promise<void> =>
    change((tx) => tx.run(sql, parameters))
  const putText: Identities['putText'] = (ownerId, name, document) =>
    run(
      `INSERT INTO inline_policies VALUES ($1, $2, $3, $4)
       ON CONFLICT (owner_id, name_key) DO UPDATE SET document = excluded.document`,
      ownerId,
      name,
      name.toLowerCase(),
      document,
    )
  return {
    change,
    putText,
    addAccount: (account) => change((tx) => insertAccount(tx, account, madeAt)),
    addUser: (account, id, name, path = '/') => {
      const user = { id, account, kind: 'user', name, path, boundaryArn: undefined } as const
      return change((tx) => insertUser(tx, { ...user, createdAt: madeAt }))
    },
    addRole: (account, id, name, path = '/') =>
      run(
        `INSERT INTO roles (id, account, name, name_key, path, max_session_seconds, trust_document, trust_principals, created_at)
         VALUES ($1, $2, $3, $4, $5, 3600, '{}', '{}', 1)`,
        id,
        account,
        name,
        name.toLowerCase(),
        path,
      ),
    deleteRole: (id) => run('DELETE FROM roles WHERE id = $1', id),
    addGroup: (account, id, userId) =>
      change(async (tx) => {
        await tx.run(`INSERT INTO user_groups VALUES ($1, $2, $1, lower($1), '/', 1)`, [
          id,
          account,
        ])
        await tx.run('INSERT INTO group_members VALUES ($1, $2)', [id, userId])
      }),
    tag: (ownerId, key, value) =>
      run('INSERT INTO identity_tags VALUES ($1, $2, $3)', ownerId, key, value),
    put: (ownerId, name, ...statements) => putText(ownerId, name, policyText(...statements)),
    remove: (ownerId, name) =>
      run('DELETE FROM inline_policies WHERE owner_id = $1 AND name = $2', ownerId, name),
    addManaged: async (account, name, ...statements) => {
      await change(async (tx) => {
        await tx.run(
          `INSERT INTO managed_policies VALUES ($1, $2, $3, lower($3), '/', NULL, 1, 2, 1, 1)`,
          [`ANPA${name}`, account, name],
        )
        await tx.run('INSERT INTO managed_policy_versions VALUES ($1, 1, $2, 1)', [
          `ANPA${name}`,
          policyText(...statements),
        ])
      })
      return `arn:aws:iam::${account}:policy/${name}`
    },
    attach: (ownerId, arn) => run('INSERT INTO attached_policies VALUES ($1, $2, 1)', ownerId, arn),
    detach: (ownerId, arn) =>
      run('DELETE FROM attached_policies WHERE owner_id = $1 AND policy_arn = $2', ownerId, arn),
    bound: (userId, arn) => run('UPDATE users SET boundary_arn = $2 WHERE id = $1', userId, arn),
    putGuardRail: (account, kind, level, ...statements) =>
      run(
        'INSERT INTO guard_rails VALUES ($1, $2, $3, $4, $5)',
        account,
        kind,
        level,
        `rail-${level}`,
        policyText(...statements),
      ),
  }
}

/** An access key with this secret for a user who is there. */
export async function giveKey(
  database: Database,
  accessKeyKey: SealKeys,
  key: { readonly id: string; readonly userId: string; readonly secret: string },
): Promise<void> {
  const { id, userId, secret } = key
  const place = { table: 'access_keys', row: id } as const
  const plain = Buffer.from(secret)
  const sealedSecret = sealSecret(accessKeyKey, systemIds.bytes(12), place, plain)
  await database.transaction((tx) => insertAccessKey(tx, { id, userId, sealedSecret }, madeAt))
}

const atTheDoor = {
  accessKeyId: 'AKIATEST',
  method: 'sigv4',
  session: undefined,
  sourceAddress: '192.0.2.7',
  secureTransport: true,
} as const

export function userCaller(account: AccountId, id: string, path: string): Caller {
  const arn = `arn:aws:iam::${account}:user${path}`
  const requester = { kind: 'user', account, id, arn } as const
  const principalName = path.slice(path.lastIndexOf('/') + 1)
  return {
    accountId: account,
    requester,
    principalArn: arn,
    principalId: id,
    principalName,
    ...atTheDoor,
  }
}

export function rootCaller(account: AccountId): Caller {
  const principalArn = `arn:aws:iam::${account}:root`
  const requester = { kind: 'root', account } as const
  return {
    accountId: account,
    requester,
    principalArn,
    principalId: account,
    principalName: 'root',
    ...atTheDoor,
  }
}

/** `path` is the role's with its name: `/CIDeploymentRole`. */
export function roleCaller(
  account: AccountId,
  roleId: string,
  path: string,
  session: Partial<SessionFacts> = {},
): Caller {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const sessionArn = `arn:aws:sts::${account}:assumed-role/${name}/run`
  const roleArn = `arn:aws:iam::${account}:role${path}`
  const requester = { kind: 'assumed-role', account, roleId, roleArn, sessionArn } as const
  const facts: SessionFacts = {
    issuedAt: new Date('2026-01-01T10:00:00Z'),
    expiresAt: new Date('2026-01-01T11:00:00Z'),
    ...plainSession,
    ...session,
  }
  return {
    accountId: account,
    requester,
    principalArn: sessionArn,
    principalId: `${roleId}:run`,
    principalName: 'run',
    ...atTheDoor,
    session: facts,
  }
}
