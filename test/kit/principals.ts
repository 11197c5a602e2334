import type { TestContext } from 'node:test'
import { createAdministrator } from '../../src/access/create-administrator.ts'
import type { NewAccessKey } from '../../src/access/new-access-key.ts'
import { insertAccessKey } from '../../src/access/access-key-store.ts'
import { insertUser } from '../../src/access/user-store.ts'
import type { SealKeys } from '../../src/access/rules/seal.ts'
import { sealSecret } from '../../src/access/rules/seal-secret.ts'
import type { Caller } from '../../src/access/caller.ts'
import { systemIds } from '../../src/lib/ids.ts'
import { parseAccountId, type AccountId } from '../../src/policy/account-id.ts'
import { userArn } from '../../src/policy/arn.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { temporaryDatabase } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { testKeyring } from './keyring.ts'

export interface TestPrincipals {
  readonly database: Database
  readonly reader: Database
  readonly clock: FakeClock
  readonly account: AccountId
  readonly accessKeyKey: SealKeys
  readonly tokenKey: SealKeys
  /** The administrator's. */
  readonly key: NewAccessKey
  /** A user who may do nothing, with this secret. */
  addUser(id: string, accessKeyId: string, secret: string): Promise<void>
}

export function accountOf(text: string): AccountId {
  const account = parseAccountId(text)
  if (account === undefined) throw new Error(`${text} is no account id`)
  return account
}

/** A caller as authentication tells of one, for what is called behind it. */
export function testCaller(name = 'dev'): Caller {
  const account = accountOf('123456789012')
  const arn = userArn(account, name)
  const id = `AIDA${name.toUpperCase()}`
  return {
    accountId: account,
    requester: { kind: 'user', account, id, arn },
    principalArn: arn,
    principalId: id,
    principalName: name,
    accessKeyId: 'AKIDEXAMPLE',
    method: 'sigv4',
    session: undefined,
    sourceAddress: '127.0.0.1',
    secureTransport: false,
  }
}

const plainUser = { kind: 'user', path: '/', boundaryArn: undefined } as const

/** An account with its administrator, as the first start makes them. */
export async function testPrincipals(t: TestContext): Promise<TestPrincipals> {
  const database = await temporaryDatabase(t)
  const clock = fakeClock()
  const account = accountOf('123456789012')
  const keyring = await testKeyring(database)
  const accessKeyKey = keyring.keysOf('access-key')
  const delivered: NewAccessKey[] = []
  const deliver = async (made: NewAccessKey): Promise<void> => {
    delivered.push(made)
    return Promise.resolve()
  }
  const deps = { database, clock, ids: systemIds, accessKeyKey }
  await createAdministrator(deps, { account, deliver })
  const [key] = delivered
  if (key === undefined) throw new Error('no key was delivered')
  const addUser = async (id: string, accessKeyId: string, secret: string): Promise<void> => {
    const place = { table: 'access_keys', row: accessKeyId } as const
    const plain = Buffer.from(secret)
    const sealedSecret = sealSecret(accessKeyKey, systemIds.bytes(12), place, plain)
    await database.transaction(async (tx) => {
      await insertUser(tx, { ...plainUser, id, account, name: id, createdAt: clock.now() })
      await insertAccessKey(tx, { id: accessKeyId, userId: id, sealedSecret }, clock.now())
    })
  }
  const tokenKey = keyring.keysOf('ecr-token')
  return { database, reader: database, clock, account, accessKeyKey, tokenKey, key, addUser }
}
