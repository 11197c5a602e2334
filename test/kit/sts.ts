// The rooms of sessions with users, roles and their policies, as policies are read for every other decision.
import type { TestContext } from 'node:test'
import type { AssumeRoleInput } from '../../src/access/assume-role.ts'
import type { WebIdentityDeps } from '../../src/access/assume-role-with-web-identity.ts'
import type { Caller } from '../../src/access/caller.ts'
import { findSigningKey } from '../../src/access/find-signing-key.ts'
import { gatheringForTrust } from '../../src/access/gather-for-trust.ts'
import { insertAccount } from '../../src/access/account-store.ts'
import type { TemporaryCredentials } from '../../src/access/issue-session.ts'
import { KeySets } from '../../src/access/oidc/key-sets.ts'
import { PolicySnapshots } from '../../src/access/policy-snapshot.ts'
import { bumpPolicyEpoch } from '../../src/access/policy-epoch-store.ts'
import { callerOf } from '../../src/access/principal.ts'
import { insertUser } from '../../src/access/user-store.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { AccountId } from '../../src/policy/account-id.ts'
import { rootArn, userArn } from '../../src/policy/arn.ts'
import { accountOf, testPrincipals, type TestPrincipals } from './principals.ts'
import { sessionKey } from './sessions.ts'

export const source = { sourceAddress: '192.0.2.7', secureTransport: true }
export const home = accountOf('123456789012')
export const foreign = accountOf('999988887777')
export const roleId = 'AROAAAAAAAAAAAAAAAAAA'
export const roleArn = 'arn:aws:iam::123456789012:role/build/ci'

export interface TestSts {
  readonly principals: TestPrincipals
  readonly deps: WebIdentityDeps
  /** The role `roleArn`, trusting as the statements say. */
  readonly putRole: (
    statements: readonly unknown[],
    change?: { readonly id?: string; readonly principals?: Readonly<Record<string, string>> },
  ) => Promise<void>
  /** A user with these statements as an inline policy. */
  readonly putUser: (
    name: string,
    statements: readonly unknown[],
    account?: AccountId,
  ) => Promise<Caller>
  readonly putPolicy: (ownerId: string, statements: readonly unknown[]) => Promise<void>
  readonly root: Caller
  /** Whom credentials stand for. */
  readonly callerOf: (credentials: TemporaryCredentials) => Promise<Caller>
}

export function policyOf(statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** Whoever is given, allowed to assume the role. */
export function trustIn(principal: unknown, more: Readonly<Record<string, unknown>> = {}): unknown {
  return { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }
}

export async function testSts(t: TestContext): Promise<TestSts> {
  const principals = await testPrincipals(t)
  const { database, clock } = principals
  const region = 'us-east-1'
  await database.transaction((tx) => insertAccount(tx, foreign, clock.now()))
  const snapshots = new PolicySnapshots({ reader: database, region })
  const deps: WebIdentityDeps = {
    database,
    clock,
    ids: systemIds,
    sessionKey,
    gatherForTrust: gatheringForTrust({ snapshots, clock, region, organization: undefined }),
    keySets: new KeySets({
      clock,
      fetch: async () => Promise.resolve({ kind: 'failed', reason: 'no network in tests' }),
    }),
  }
  const putPolicy: TestSts['putPolicy'] = async (ownerId, statements) =>
    database.transaction(async (tx) => {
      await tx.run('DELETE FROM inline_policies WHERE owner_id = $1', [ownerId])
      const values = [ownerId, policyOf(statements)]
      await tx.run(`INSERT INTO inline_policies VALUES ($1, 'p', 'p', $2)`, values)
      await bumpPolicyEpoch(tx)
    })
  return {
    principals,
    deps,
    putPolicy,
    root: lastingCaller({ kind: 'root', account: home }, rootArn(home), home),
    putRole: async (statements, { id = roleId, principals: ids = {} } = {}) =>
      database.transaction(async (tx) => {
        await tx.run(`DELETE FROM roles WHERE name_key = 'ci'`)
        await tx.run(
          `INSERT INTO roles (id, account, name, name_key, path, max_session_seconds, trust_document, trust_principals, created_at)
           VALUES ($1, $2, 'ci', 'ci', '/build/', 7200, $3, $4, 1)`,
          [id, home, policyOf(statements), JSON.stringify(ids)],
        )
        await bumpPolicyEpoch(tx)
      }),
    async putUser(name, statements, account = home) {
      const id = `AIDA${name.toUpperCase().padEnd(17, 'A')}`
      const arn = userArn(account, name)
      await database.transaction((tx) =>
        insertUser(tx, {
          id,
          account,
          kind: 'user',
          name,
          path: '/',
          boundaryArn: undefined,
          createdAt: clock.now(),
        }),
      )
      if (statements.length > 0) await putPolicy(id, statements)
      return lastingCaller({ kind: 'user', account, id, arn }, arn, id)
    },
    async callerOf({ accessKeyId, sessionToken }) {
      const found = await findSigningKey({ ...principals, sessionKey }, accessKeyId, sessionToken)
      if (found?.kind !== 'active') throw new Error('the credentials open nothing')
      return callerOf(found.principal, 'sigv4', source)
    },
  }
}

function lastingCaller(
  requester: Extract<Caller['requester'], { readonly kind: 'root' | 'user' }>,
  arn: string,
  id: string,
): Caller {
  return {
    accountId: requester.account,
    requester,
    principalArn: arn,
    principalId: id,
    principalName: arn.slice(arn.lastIndexOf('/') + 1),
    accessKeyId: 'AKIAEXAMPLE',
    method: 'sigv4',
    session: undefined,
    ...source,
  }
}

export function asking(change: Partial<AssumeRoleInput> = {}): AssumeRoleInput {
  return {
    roleArn,
    sessionName: 'build-1',
    durationSeconds: undefined,
    externalId: undefined,
    sourceIdentity: undefined,
    tags: [],
    transitiveKeys: [],
    policies: [],
    policyArns: [],
    ...change,
  }
}
