// IAM's API on a database of the test's own, with two accounts in it.
import type { TestContext } from 'node:test'
import type { IamDeps } from '../../src/edges/aws/iam/call.ts'
import type { RequestKeys } from '../../src/access/request-context.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { allowed, denied } from './authorizations.ts'
import { temporaryDatabase } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { testKeyring } from './keyring.ts'
import { iamAsker, type IamAsker } from './iam-requests.ts'
import { accountOf } from './principals.ts'
import { insertAccount } from '../../src/access/account-store.ts'

export interface TestIam {
  readonly database: Database
  readonly clock: FakeClock
  readonly deps: IamDeps
  /** What was asked of the policies, newest last. */
  readonly asked: { action: string; resources: readonly string[]; keys: RequestKeys }[]
  readonly call: IamAsker['ask']
}

export const testAccount = accountOf('123456789012')

/** Two accounts without anybody in them; every call is allowed, unless `isAllowed` says no. */
export async function testIam(
  t: TestContext,
  isAllowed: (action: string) => boolean = () => true,
): Promise<TestIam> {
  const database = await temporaryDatabase(t)
  const clock = fakeClock()
  const keyring = await testKeyring(database)
  await database.transaction(async (tx) => {
    await insertAccount(tx, testAccount, clock.now())
    await insertAccount(tx, accountOf('210987654321'), clock.now())
  })
  const deps: IamDeps = {
    database,
    clock,
    ids: systemIds,
    accessKeyKey: keyring.keysOf('access-key'),
    pagingKey: keyring.keysOf('paging'),
  }
  const asked: TestIam['asked'] = []
  const { ask: call } = iamAsker(deps, {
    authorize: async (_, { action, resources, keys = {} }) => {
      asked.push({ action, resources, keys })
      return Promise.resolve(
        isAllowed(action) ? allowed : denied(`not authorized to perform: ${action}`),
      )
    },
  })
  return { database, clock, deps, asked, call }
}
