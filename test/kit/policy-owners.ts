// An account with a user `dev` in the group `devs`, a role `ci` and a group, who have no policies yet.
import type { TestContext } from 'node:test'
import { readPolicyEpoch } from '../../src/access/policy-epoch-store.ts'
import type { AccountId } from '../../src/policy/account-id.ts'
import type { EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { systemIds, type Ids } from '../../src/lib/ids.ts'
import { temporaryDatabase } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { accountOf } from './principals.ts'

export interface TestPolicyOwners {
  readonly database: EmbeddedDatabase
  readonly reader: EmbeddedDatabase
  readonly clock: FakeClock
  readonly ids: Ids
  readonly account: AccountId
  /** An account beside it, which has a user `dev` too. */
  readonly other: AccountId
  readonly epoch: () => Promise<number>
}

export async function testPolicyOwners(t: TestContext): Promise<TestPolicyOwners> {
  const database = await temporaryDatabase(t)
  const account = accountOf('123456789012')
  const other = accountOf('210987654321')
  const trust = '{"Version":"2012-10-17","Statement":[]}'
  await database.transaction(async (tx) => {
    await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 1), ($2, 1)', [account, other])
    await tx.run(
      `INSERT INTO users (id, account, name, name_key, path, created_at)
       VALUES ('AIDA1', $1, 'Dev', 'dev', '/team/', 2), ('AIDA2', $1, 'ops', 'ops', '/', 2), ('AIDA3', $2, 'dev', 'dev', '/', 2)`,
      [account, other],
    )
    await tx.run(`INSERT INTO user_groups VALUES ('AGPA1', $1, 'devs', 'devs', '/team/', 3)`, [
      account,
    ])
    await tx.run(`INSERT INTO group_members VALUES ('AGPA1', 'AIDA1')`)
    await tx.run(
      `INSERT INTO roles VALUES ('AROA1', $1, 'ci', 'ci', '/', NULL, 3600, $2, '{}', NULL, 4, NULL, NULL)`,
      [account, trust],
    )
  })
  return {
    database,
    reader: database,
    clock: fakeClock(),
    ids: systemIds,
    account,
    other,
    epoch: () => readPolicyEpoch(database),
  }
}

/** A document of that many characters. */
export function policyOfSize(size: number): string {
  const frame =
    '{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"}}'
  return frame.replace('"Sid":"', `"Sid":"${'x'.repeat(size - frame.length)}`)
}

export const pullPolicy =
  '{ "Version": "2012-10-17",\n "Statement": [{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}] }'
