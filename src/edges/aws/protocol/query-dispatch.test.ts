import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, denied } from '../../../../test/kit/authorizations.ts'
import { Type } from 'typebox'
import type { Caller } from '../../../access/caller.ts'
import { testCaller } from '../../../../test/kit/principals.ts'
import type { DispatchFacts } from './dispatch.ts'
import { dispatchQuery, type QueryService } from './query-dispatch.ts'
import { queryOperation, unsignedQueryOperation } from './query-operation.ts'
import { iamModel } from './query-protocol.ts'
import type { SigV4Result } from './sigv4.ts'

interface World {
  /** What was reached, in order. */
  readonly steps: string[]
  readonly faults: unknown[]
}

const caller = testCaller()
const authenticated: SigV4Result<Caller> = {
  kind: 'authenticated',
  accessKeyId: 'AKIDEXAMPLE',
  service: 'iam',
  presigned: false,
  signature: 'a'.repeat(64),
  key: caller,
}

const input = Type.Object({
  UserName: Type.String({ minLength: 2, pattern: String.raw`^[\w+=,.@-]+$` }),
})
const rows = [
  queryOperation({
    name: 'DeleteUser',
    input,
    action: 'iam:DeleteUser',
    resources: ({ UserName }, scope) => [`arn:aws:iam::${scope.caller.accountId}:user/${UserName}`],
    keys: ({ UserName }) => ({ 'aws:RequestTag/name': UserName }),
    run: async ({ steps }: World, { UserName }) => {
      steps.push('run')
      if (UserName === 'missing') throw new Error('missing')
      if (UserName === 'broken') throw new TypeError('secret of the house')
      return Promise.resolve(undefined)
    },
  }),
  queryOperation({
    name: 'WhoAmI',
    input: Type.Object({}),
    access: { kind: 'authenticated-only', why: 'tells callers only who they are' },
    allowsPresigned: true,
    run: async (_: World, __, call) => Promise.resolve({ Arn: call.caller.principalArn }),
  }),
  unsignedQueryOperation({
    name: 'Enter',
    input: Type.Object({ Token: Type.String({ minLength: 4 }) }),
    action: 'iam:Enter',
    why: 'the token is the credential',
    run: async ({ steps }: World, { Token }, { sourceAddress }) => {
      steps.push(`enter ${Token} ${sourceAddress}`)
      return Promise.resolve({ Entered: true })
    },
  }),
]

interface Setting {
  readonly form: string
  readonly method?: string
  readonly authentication?: SigV4Result<Caller>
  readonly isAllowed?: boolean
}

async function answerTo(setting: Setting) {
  const world: World = { steps: [], faults: [] }
  const service: QueryService<World> = {
    model: iamModel,
    operations: new Map(rows.map((row) => [row.name, row])),
    names: new Set(['DeleteUser', 'CreateSAMLProvider']),
    region: 'us-east-1',
    deps: world,
    source: { sourceAddress: '192.0.2.1', secureTransport: true },
    authenticate: async () => {
      world.steps.push('authenticate')
      return Promise.resolve(setting.authentication ?? authenticated)
    },
    authorize: async (_, { action, resources, keys }) => {
      world.steps.push(`authorize ${action} ${resources.join(' ')} ${JSON.stringify(keys)}`)
      return Promise.resolve(
        setting.isAllowed === false ? denied('User: dev is not authorized') : allowed,
      )
    },
    spell: (error) =>
      error instanceof Error && error.message === 'missing'
        ? { name: 'NoSuchEntity', status: 404, message: 'not there' }
        : undefined,
    onFault: (error) => world.faults.push(error),
  }
  const facts: DispatchFacts = {
    operation: '',
    caller: undefined,
    action: undefined,
    resource: undefined,
    decision: undefined,
    errorCode: undefined,
  }
  const { method = 'POST', form } = setting
  const body = Buffer.from(method === 'POST' ? form : '')
  const rawQuery = method === 'POST' ? '' : form
  const request = { method, rawPath: '/', rawQuery, headers: [], body }
  const reply = await dispatchQuery(service, request, facts, 'request-1')
  const code = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(reply.body)
  return {
    status: reply.status,
    body: reply.body,
    error: code?.[1],
    message: code?.[2],
    world,
    facts,
  }
}

const version = 'Version=2010-05-08'
const deleteUser = `Action=DeleteUser&${version}&UserName=dev`

test('refuses in the order signature, operation, input, authorisation, rules', async () => {
  const refused: SigV4Result<Caller> = {
    kind: 'refused',
    code: 'UnrecognizedClient',
    message: 'The security token included in the request is invalid.',
  }
  const steps: readonly (readonly [Setting, number, string])[] = [
    [{ form: 'x', authentication: refused }, 403, 'InvalidClientTokenId'],
    [{ form: '%' }, 404, 'MalformedQueryString'],
    [{ form: `${deleteUser}&Version=2` }, 400, 'InvalidParameterCombination'],
    [{ form: version }, 400, 'MissingAction'],
    [{ form: 'Action=DeleteUser' }, 400, 'InvalidAction'],
    [{ form: 'Action=DeleteUser&Version=2011-06-15' }, 400, 'InvalidAction'],
    [{ form: `Action=CreateSAMLProvider&${version}` }, 400, 'InvalidAction'],
    [{ form: `Action=toString&${version}` }, 400, 'InvalidAction'],
    [{ form: `Action=DeleteUser&${version}`, isAllowed: false }, 400, 'ValidationError'],
    [{ form: `${deleteUser}.x.y=2`, isAllowed: false }, 403, 'AccessDenied'],
    [{ form: `Action=DeleteUser&${version}&UserName.a=x` }, 400, 'MalformedInput'],
    [{ form: deleteUser, isAllowed: false }, 403, 'AccessDenied'],
    [{ form: `Action=DeleteUser&${version}&UserName=missing` }, 404, 'NoSuchEntity'],
    [{ form: `Action=DeleteUser&${version}&UserName=broken` }, 500, 'InternalFailure'],
  ]
  for (const [setting, status, code] of steps) {
    const answer = await answerTo(setting)
    assert.deepEqual([answer.status, answer.error], [status, code], setting.form)
    assert.equal(answer.facts.errorCode, code)
    assert.equal(answer.world.steps.includes('run'), code === 'NoSuchEntity' || status === 500)
    assert.ok(!answer.body.includes('secret of the house'))
  }
})

test('spells violations as IAM does', async () => {
  const of = async (rest: string) => answerTo({ form: `Action=DeleteUser&${version}${rest}` })
  assert.equal(
    (await of('')).message,
    "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
  )
  assert.equal(
    (await of('&UserName=x')).message,
    "1 validation error detected: Value 'x' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 2",
  )
  assert.equal(
    (await of('&UserName=a%2Fb')).message,
    'The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
  )
})

test('an operation of the model that is not served is said to be that', async () => {
  const { message } = await answerTo({ form: `Action=CreateSAMLProvider&${version}` })
  assert.match(
    message ?? '',
    /^Could not find operation CreateSAMLProvider for version 2010-05-08; /,
  )
})

test('runs what is allowed, and asks for the row’s action on the row’s resource', async () => {
  const { status, world, facts } = await answerTo({ form: deleteUser })
  assert.equal(status, 200)
  assert.deepEqual(world.steps, [
    'authenticate',
    'authorize iam:DeleteUser arn:aws:iam::123456789012:user/dev {"aws:RequestTag/name":"dev"}',
    'run',
  ])
  assert.deepEqual(
    [facts.operation, facts.action, facts.resource, facts.decision],
    ['iam:DeleteUser', 'iam:DeleteUser', 'arn:aws:iam::123456789012:user/dev', 'allow'],
  )
})

test('takes the parameters of a GET from its address', async () => {
  const { status } = await answerTo({ form: deleteUser, method: 'GET' })
  assert.equal(status, 200)
})

test('a presigned request proves who asks, and does nothing', async () => {
  const authentication = { ...authenticated, presigned: true }
  const form = `Action=WhoAmI&${version}`
  assert.equal((await answerTo({ form, authentication, method: 'GET' })).status, 200)
  const refused = await answerTo({ form: deleteUser, authentication, method: 'GET' })
  assert.deepEqual([refused.status, refused.error], [403, 'SignatureDoesNotMatch'])
})

test('a signature for another service is none for this one', async () => {
  const authentication = { ...authenticated, service: 'sts' }
  const { status, message } = await answerTo({ form: deleteUser, authentication })
  assert.equal(status, 403)
  assert.equal(message, "Credential should be scoped to correct service: 'iam'. ")
})

test('an operation whose input is the credential is asked for no signature', async () => {
  const refused: SigV4Result<Caller> = {
    kind: 'refused',
    code: 'MissingAuthenticationToken',
    message: 'Request is missing Authentication Token',
  }
  const entered = await answerTo({
    form: `Action=Enter&${version}&Token=abcd`,
    authentication: refused,
  })
  assert.equal(entered.status, 200)
  assert.deepEqual(entered.world.steps, ['enter abcd 192.0.2.1'])
  const short = await answerTo({ form: `Action=Enter&${version}&Token=a`, authentication: refused })
  assert.deepEqual([short.status, short.error], [400, 'ValidationError'])
})
