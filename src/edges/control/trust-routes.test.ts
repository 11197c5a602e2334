// The routes of trust as callers see them: refusals, who may, and what the audit log keeps.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { accountOf } from '../../../test/kit/principals.ts'
import { findAction } from '../../policy/actions.ts'
import type { ControlReply } from './route.ts'
import { trustRoutes, type TrustRooms } from './trust-routes.ts'
import { testCaller } from '../../../test/kit/principals.ts'

const account = accountOf('123456789012')
const digest = `sha256:${'a'.repeat(64)}`

async function ask(
  method: string,
  path: string,
  { query = '', body = '' }: { readonly query?: string; readonly body?: string } = {},
): Promise<ControlReply> {
  const row = trustRoutes.find(
    (route) => route.method === method && route.path === `/pratique/v1/${path}`,
  )
  assert.ok(row !== undefined, `${method} ${path}`)
  const echo = async (...input: readonly unknown[]): Promise<unknown> => Promise.resolve(input)
  const changed = async (): Promise<Awaited<ReturnType<TrustRooms['putTrustPolicy']>>> =>
    Promise.resolve({ name: 'release', version: 2, changes: ['- threshold 2', '+ threshold 1'] })
  const rooms: TrustRooms = {
    listTrustPolicies: echo,
    showTrustPolicy: echo,
    putTrustPolicy: changed,
    deleteTrustPolicy: changed,
    async *testTrustPolicy() {
      yield await Promise.resolve({})
    },
    listTrustMaterial: echo,
    showTrustMaterial: echo,
    followPublicRoot: changed,
    putTrustMaterial: changed,
    deleteTrustMaterial: changed,
    describeSignatures: echo,
    describeEvidence: async (...input) => Promise.resolve(input),
    recallEvidence: async () => Promise.resolve(undefined),
  }
  return row.run(rooms, {
    account,
    principal: 'arn:aws:iam::123456789012:user/admin',
    caller: testCaller('admin'),
    query: new URLSearchParams(query),
    body: Readable.from([Buffer.from(body)]),
    signal: new AbortController().signal,
  })
}

test('refuses what names nothing, or something that is none', async () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['GET', 'trust/policy', ''],
    ['DELETE', 'trust/policy', ''],
    ['GET', 'trust/materials', 'kind=certificate'],
    ['GET', 'trust/material', 'kind=key'],
    ['POST', 'trust/public-root', ''],
    ['POST', 'trust/material', 'kind=key&name=ci&valid-until=tomorrow'],
    ['DELETE', 'trust/material', 'name=ci'],
    ['GET', 'signatures', `repository=Team/App&digest=${digest}`],
    ['GET', 'signatures', 'repository=team/app&digest=v1'],
    ['GET', 'evidence', 'repository=team/app'],
    ['GET', 'evidence', `repository=team/app&digest=${digest}&at=once`],
  ]
  for (const [method, path, query] of rows)
    assert.equal((await ask(method, path, { query })).kind, 'refused', `${path}?${query}`)
})

test('a document that is too large is refused', async () => {
  const body = 'x'.repeat(1024 * 1024 + 1)
  for (const [path, query] of [
    ['trust/policy', ''],
    ['trust/test', ''],
    ['trust/material', 'kind=root&name=public'],
  ] as const)
    assert.equal((await ask('POST', path, { query, body })).kind, 'refused', path)
})

test('each change is for the audit log with what went and what came', async () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['POST', 'trust/policy', ''],
    ['DELETE', 'trust/policy', 'name=release'],
    ['POST', 'trust/public-root', 'name=public'],
    ['POST', 'trust/material', 'kind=key&name=ci'],
    ['DELETE', 'trust/material', 'kind=key&name=ci'],
  ]
  for (const [method, path, query] of rows) {
    const reply = await ask(method, path, { query })
    assert.ok(reply.kind === 'json')
    assert.deepEqual(reply.audited, {
      name: 'release',
      version: 2,
      changes: ['- threshold 2', '+ threshold 1'],
    })
  }
})

test('what was not known then is told as such', async () => {
  const query = `repository=team/app&digest=${digest}&trust=release&at=2026-01-01`
  assert.deepEqual(await ask('GET', 'evidence', { query }), {
    kind: 'json',
    value: { known: null },
  })
})

test('who may push may not say whose signatures count: each change has an action of its own', () => {
  const writes = trustRoutes.filter(
    ({ method, path }) => method !== 'GET' && !path.endsWith('/test'),
  )
  assert.deepEqual(
    writes.map(({ action }) => action),
    [
      'pratique:PutTrustPolicy',
      'pratique:DeleteTrustPolicy',
      'pratique:PutTrustMaterial',
      'pratique:PutTrustMaterial',
      'pratique:DeleteTrustMaterial',
    ],
  )
  for (const { action } of writes) assert.equal(findAction(action)?.access, 'permissions')
})
