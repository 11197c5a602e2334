import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleCaller, rootCaller, userCaller } from '../../test/kit/identities.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { anonymousCaller } from './anonymous.ts'
import type { Caller } from './caller.ts'
import { imageKeys, requestContext, requestTagKeys, type ContextFacts } from './request-context.ts'

const account = accountOf('123456789012')
const user = userCaller(account, 'AIDADEV', '/team/dev')
const role = roleCaller(account, 'AROACI', '/build/ci', {
  tags: { Team: 'red' },
  sourceIdentity: 'alice',
  federatedProvider: 'arn:aws:iam::123456789012:oidc-provider/issuer.example/path',
  claims: { 'issuer.example/path:sub': 'repo:a/b' },
})
const nobody = anonymousCaller(account, {
  sourceAddress: '::ffff:192.0.2.1',
  secureTransport: false,
})

function contextOf(caller: Caller, more: Partial<ContextFacts> = {}) {
  return requestContext({
    caller,
    now: new Date('2026-03-04T05:06:07.890Z'),
    installation: { region: 'us-east-1', organization: undefined },
    principal: {
      tags: new Map([
        ['team', 'blue'],
        ['cost', '7'],
      ]),
    },
    resource: { account, tags: new Map([['stage', 'test']]) },
    keys: undefined,
    ...more,
  })
}

/** Key, and its value for a user, a session of a role, root, and nobody in particular; source: AWS's table of global keys. */
const rows = [
  [
    'aws:principalarn',
    'arn:aws:iam::123456789012:user/team/dev',
    'arn:aws:iam::123456789012:role/build/ci',
    'arn:aws:iam::123456789012:root',
    undefined,
  ],
  ['aws:principalaccount', account, account, account, undefined],
  ['aws:principaltype', 'User', 'AssumedRole', 'Account', 'Anonymous'],
  ['aws:userid', 'AIDADEV', 'AROACI:run', account, 'anonymous'],
  ['aws:username', 'dev', undefined, undefined, undefined],
  ['aws:principaltag/team', 'blue', 'red', 'blue', 'blue'],
  ['aws:principaltag/cost', '7', '7', '7', '7'],
  ['aws:principaltag/none', undefined, undefined, undefined, undefined],
  ['aws:tokenissuetime', undefined, '2026-01-01T10:00:00Z', undefined, undefined],
  ['aws:multifactorauthpresent', undefined, 'false', undefined, undefined],
  ['aws:sourceidentity', undefined, 'alice', undefined, undefined],
  ['issuer.example/path:sub', undefined, 'repo:a/b', undefined, undefined],
  ['aws:sourceip', '192.0.2.7', '192.0.2.7', '192.0.2.7', '192.0.2.1'],
  ['aws:securetransport', 'true', 'true', 'true', 'false'],
  ['aws:currenttime', ...Array.from({ length: 4 }, () => '2026-03-04T05:06:07Z')],
  ['aws:epochtime', ...Array.from({ length: 4 }, () => '1772600767')],
  ['aws:requestedregion', ...Array.from({ length: 4 }, () => 'us-east-1')],
  ['aws:resourceaccount', ...Array.from({ length: 4 }, () => account)],
  ['aws:resourcetag/stage', ...Array.from({ length: 4 }, () => 'test')],
  ['ecr:resourcetag/stage', ...Array.from({ length: 4 }, () => 'test')],
  ['aws:principalisawsservice', ...Array.from({ length: 4 }, () => 'false')],
  ['aws:viaawsservice', ...Array.from({ length: 4 }, () => 'false')],
  ['pratique:authmethod', 'sigv4', 'sigv4', 'sigv4', undefined],
  ['aws:principalorgid', ...Array.from({ length: 4 }, () => undefined)],
  ['constructor', ...Array.from({ length: 4 }, () => undefined)],
  ['aws:principaltag/__proto__', ...Array.from({ length: 4 }, () => undefined)],
] as const

test('each key says what is known of the caller, and is absent where nothing is', () => {
  const callers = [user, role, rootCaller(account), nobody]
  for (const [key, ...values] of rows) {
    for (const [index, caller] of callers.entries()) {
      assert.equal(contextOf(caller).get(key), values[index], `${key} of caller ${index}`)
    }
  }
})

test('other kinds of callers say less', () => {
  const service = { kind: 'service', name: 'replication.ecr.amazonaws.com' } as const
  const worker = contextOf({ ...user, requester: service })
  assert.equal(worker.get('aws:principalarn'), undefined)
  assert.equal(worker.get('aws:principaltype'), undefined)
  assert.equal(worker.get('aws:userid'), undefined)
  assert.equal(worker.get('aws:principalservicename'), service.name)
  assert.equal(worker.get('aws:principalisawsservice'), 'true')
  const sessionArn = 'arn:aws:sts::123456789012:federated-user/bob'
  const requester = {
    kind: 'federated-user',
    account,
    sessionArn,
    userId: 'AIDADEV',
    userArn: 'x',
  } as const
  const federated = contextOf({ ...user, requester })
  assert.equal(federated.get('aws:principalarn'), sessionArn)
  assert.equal(federated.get('aws:principaltype'), 'FederatedUser')
  assert.equal(
    contextOf({ ...user, method: 'access-key-basic' }).get('pratique:authmethod'),
    'basic',
  )
})

test('the organisation is that of callers and of resources, where there is one', () => {
  const organization = 'o-a1b2c3d4e5'
  const installation = { region: 'us-east-1', organization }
  const context = contextOf(user, { installation })
  assert.equal(context.get('aws:principalorgid'), organization)
  assert.equal(context.get('aws:resourceorgid'), organization)
  assert.deepEqual(context.get('aws:principalorgpaths'), ['o-a1b2c3d4e5/r-root/'])
  const anonymous = contextOf(nobody, {
    installation,
    resource: { account: undefined, tags: new Map() },
  })
  assert.equal(anonymous.get('aws:principalorgid'), undefined)
  assert.equal(anonymous.get('aws:resourceorgid'), undefined)
  assert.equal(anonymous.get('aws:principalorgpaths'), undefined)
  assert.equal(contextOf(user).get('aws:principalorgpaths'), undefined)
  assert.equal(contextOf(user).get('aws:principalorgid'), undefined)
})

test('headers that a client writes are capped, and have no control characters', () => {
  const withHeaders = (userAgent?: string, referer?: string) =>
    contextOf({ ...user, userAgent, referer })
  assert.equal(withHeaders('docker/27').get('aws:useragent'), 'docker/27')
  assert.equal(
    withHeaders(undefined, 'https://a.example/').get('aws:referer'),
    'https://a.example/',
  )
  for (const text of ['x'.repeat(1025), 'a\r\nb', 'a\u0000', undefined]) {
    assert.equal(withHeaders(text).get('aws:useragent'), undefined)
  }
})

test('what an operation adds is found without regard to case, and stands first', () => {
  const keys = {
    ...requestTagKeys([{ key: 'Team', value: 'red' }, { key: 'x' }]),
    'ecr:AccountSetting': 'A',
  }
  const context = contextOf(user, { keys })
  assert.equal(context.get('aws:requesttag/team'), 'red')
  assert.equal(context.get('aws:requesttag/x'), undefined)
  assert.deepEqual(context.get('aws:tagkeys'), ['Team', 'x'])
  assert.equal(context.get('ecr:accountsetting'), 'A')
  assert.deepEqual(requestTagKeys([]), {})
})

test('one tag of an image is a value, several are a set', () => {
  assert.deepEqual(imageKeys({ tags: [], digests: [] }), {})
  assert.deepEqual(imageKeys({ tags: ['a', 'a'], digests: ['d'], mediaType: 'm' }), {
    'pratique:Tag': 'a',
    'pratique:Digest': 'd',
    'pratique:MediaType': 'm',
  })
  assert.deepEqual(imageKeys({ tags: [], digests: [], artifactType: 't' }), {
    'pratique:ArtifactType': 't',
  })
  assert.deepEqual(imageKeys({ tags: ['a', 'b'], digests: [] }), { 'pratique:Tag': ['a', 'b'] })
})
