// Roles, and sessions of them and of users, without the operations that make them.
import type { claimsOf } from '../../src/access/carry-session.ts'
import {
  issueSession,
  type NewSession,
  type TemporaryCredentials,
} from '../../src/access/issue-session.ts'
import { deriveKey } from '../../src/access/rules/seal.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { TestPrincipals } from './principals.ts'

export const sessionKey = deriveKey(Buffer.alloc(32, 1), 'session')

/** A role `ci` of path `/build/`, with this id. */
export async function addRole(principals: TestPrincipals, id: string): Promise<void> {
  await principals.database.transaction((tx) =>
    tx.run(
      `INSERT INTO roles (id, account, name, name_key, path, max_session_seconds, trust_document, trust_principals, created_at)
       VALUES ($1, $2, 'ci', 'ci', '/build/', 3600, '{}', '{}', 1)`,
      [id, principals.account],
    ),
  )
}

export const plainSession = {
  policies: [],
  policyArns: [],
  tags: {},
  transitiveTagKeys: [],
  sourceIdentity: undefined,
  federatedProvider: undefined,
  claims: {},
} as const satisfies Partial<Parameters<typeof claimsOf>[0]>

/** Credentials of a session of one hour, unless told otherwise. */
export async function openSession(
  principals: TestPrincipals,
  session: Pick<NewSession, 'owner'> & Partial<NewSession>,
): Promise<TemporaryCredentials> {
  const deps = { ...principals, ids: systemIds, sessionKey }
  return issueSession(deps, { ...plainSession, durationSeconds: 3600, ...session })
}
