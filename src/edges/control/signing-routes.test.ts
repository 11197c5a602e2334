// The routes of signing as callers see them: refusals, and who may use which key.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { accountOf, testCaller } from '../../../test/kit/principals.ts'
import { region, testSigning } from '../../../test/kit/signing.ts'
import type { ControlReply } from './route.ts'
import { signingRoutes, type SigningRooms } from './signing-routes.ts'

const account = accountOf('123456789012')

function routeOf(method: string, path: string): (typeof signingRoutes)[number] {
  const row = signingRoutes.find(
    (route) => route.method === method && route.path === `/pratique/v1/signing/${path}`,
  )
  assert.ok(row !== undefined, `${method} ${path}`)
  return row
}

async function ask(method: string, path: string, query: string): Promise<ControlReply> {
  const done = async (): Promise<void> => Promise.resolve()
  const rooms: SigningRooms = {
    signingRoots: async () => Promise.resolve('signing'),
    timestampRoots: async () => Promise.resolve('timestamps'),
    listSigningKeys: done,
    createSigningKey: done,
    signWithKey: async () => Promise.resolve({ envelope: Buffer.from('e'), isStamped: true }),
    revokeSigningKey: done,
    describeRuleOptions: async () => Promise.resolve([]),
    putRuleOption: done,
    signExisting: async () => Promise.resolve({ images: 0, asked: 0 }),
  }
  return routeOf(method, path).run(rooms, {
    account,
    principal: 'arn:aws:iam::123456789012:user/admin',
    caller: testCaller('admin'),
    query: new URLSearchParams(query),
    body: Readable.from([Buffer.from('payload')]),
    signal: new AbortController().signal,
  })
}

test('refuses what says nothing, or something that cannot be', async () => {
  const rows: readonly (readonly [string, string, string, RegExp])[] = [
    ['GET', 'roots', 'purpose=all', /purpose must be/],
    ['POST', 'keys', 'name=ci&algorithm=EC-224', /algorithm must be/],
    ['POST', 'signatures', 'key=ci&format=pgp', /format must be/],
    ['POST', 'signatures', 'key=ci&expiresInSeconds=soon', /expiresInSeconds must be/],
    ['POST', 'keys/revocations', 'name=ci&reason=x', /effective must be/],
    ['POST', 'keys/revocations', 'name=ci&effective=soon&reason=x', /effective must be/],
    ['POST', 'keys/revocations', 'name=ci&effective=2026-01-01', /reason must have/],
    [
      'POST',
      'keys/revocations',
      `name=ci&effective=2026-01-01&reason=${'x'.repeat(501)}`,
      /reason must have/,
    ],
    ['POST', 'rules', 'profileArn=arn', /indexOnly must be/],
    ['POST', 'rules', 'profileArn=arn&indexOnly=yes', /indexOnly must be/],
  ]
  for (const [method, path, query, message] of rows) {
    const reply = await ask(method, path, query)
    assert.ok(reply.kind === 'refused', `${method} ${path}?${query}`)
    assert.match(reply.message, message)
  }
})

test('tells the roots of what is asked for, and whether a signature has a timestamp', async () => {
  const valueOf = async (...asked: Parameters<typeof ask>): Promise<unknown> => {
    const reply = await ask(...asked)
    return reply.kind === 'json' ? reply.value : reply
  }
  assert.deepEqual(await valueOf('GET', 'roots', ''), { pem: 'signing' })
  assert.deepEqual(await valueOf('GET', 'roots', 'purpose=timestamps'), { pem: 'timestamps' })
  assert.deepEqual(await valueOf('POST', 'signatures', 'key=ci'), {
    signature: Buffer.from('e').toString('base64'),
    isStamped: true,
  })
})

test('a right to one key is a right to no other, and one to make keys may be one to some kinds', async (t) => {
  const { authorize, identities, dev, own } = await testSigning(t)
  const may = async (method: string, path: string, text: string): Promise<boolean> => {
    const { action, resources, keys } = routeOf(method, path)
    const query = new URLSearchParams(text)
    const named = resources?.(query, { account: own, region }) ?? ['*']
    const judged = await authorize(dev, { action, resources: named, keys: keys?.(query) })
    return judged.kind === 'allow'
  }
  assert.equal(await may('POST', 'signatures', 'key=team-ci'), false)
  await identities.put(
    'AIDADEV',
    'keys',
    {
      Effect: 'Allow',
      Action: ['pratique:SignWithKey', 'pratique:RevokeSigningKey'],
      Resource: `arn:aws:pratique:${region}:${own}:signing-key/team-*`,
    },
    {
      Effect: 'Allow',
      Action: 'pratique:CreateSigningKey',
      Resource: '*',
      Condition: { StringLike: { 'pratique:KeyAlgorithm': 'EC-*' } },
    },
  )
  assert.equal(await may('POST', 'signatures', 'key=team-ci'), true)
  assert.equal(await may('POST', 'keys/revocations', 'name=team-ci'), true)
  for (const other of ['release', 'xteam-ci', 'team-ci/../release', ''])
    assert.equal(
      await may('POST', 'signatures', new URLSearchParams({ key: other }).toString()),
      false,
    )
  assert.equal(await may('POST', 'keys', 'name=a'), true)
  assert.equal(await may('POST', 'keys', 'name=a&algorithm=RSA-2048'), false)
})
