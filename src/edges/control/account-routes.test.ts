import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCaller } from '../../../test/kit/principals.ts'
import { accountOf } from '../../../test/kit/principals.ts'
import { Readable } from 'node:stream'
import { accountRoutes, type AccountRooms } from './account-routes.ts'

const account = accountOf('123456789012')

/** What the rooms were asked for, or the refusal. */
async function ask(path: string, query: string): Promise<unknown> {
  const row = accountRoutes.find((route) => route.method === 'POST' && route.path.endsWith(path))
  assert.ok(row !== undefined)
  const echo = async (input: unknown): Promise<unknown> => Promise.resolve(input)
  const rooms: AccountRooms = {
    listAccounts: async () => Promise.resolve([]),
    createAccount: echo,
    putAlias: echo,
    closeAccount: echo,
    openAccount: echo,
    createRootKey: echo,
  }
  const call = {
    account,
    principal: 'arn:aws:iam::123456789012:user/admin',
    caller: testCaller('admin'),
    query: new URLSearchParams(query),
    body: Readable.from([]),
    signal: new AbortController().signal,
  }
  const reply = await row.run(rooms, call)
  return reply.kind === 'json' ? reply.value : reply.kind
}

test('refuses what is no account and no alias', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['/accounts', 'account=12345678901'],
    ['/accounts', 'account=a23456789012'],
    ['/accounts', 'alias=Home'],
    ['/accounts', 'alias=a--b'],
    ['/alias', 'alias=home'],
    ['/alias', 'account=210987654321&alias=-home'],
    ['/close', ''],
    ['/open', ''],
    ['/root-key', 'account='],
  ]
  for (const [path, query] of cases) assert.equal(await ask(path, query), 'refused', path + query)
})

test('hands on which account is meant, and by whom', async () => {
  const id = '210987654321'
  assert.deepEqual(await ask('/accounts', ''), { id: undefined, alias: undefined })
  assert.deepEqual(await ask('/accounts', `account=${id}&alias=home`), { id, alias: 'home' })
  assert.deepEqual(await ask('/alias', `account=${id}`), { id, alias: undefined })
  assert.deepEqual(await ask('/close', `account=${id}`), { id, ownAccount: account })
  assert.deepEqual(await ask('/open', `account=${id}`), { id })
  assert.deepEqual(await ask('/root-key', `account=${id}`), { id })
})
