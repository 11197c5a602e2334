import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, denied } from '../../../../test/kit/authorizations.ts'
import { Type } from 'typebox'
import type { Caller } from '../../../access/caller.ts'
import { parseAccountId } from '../../../policy/account-id.ts'
import type { AwsError } from './aws-error.ts'
import { dispatchJson, type DispatchFacts, type JsonService } from './dispatch.ts'
import { operation, type Operation } from './operation.ts'
import type { SigV4Result } from './sigv4.ts'

interface World {
  /** What was reached, in order. */
  readonly steps: string[]
  readonly faults: unknown[]
}
type Call = { readonly caller: Caller }

const accountId = parseAccountId('123456789012')
assert.ok(accountId !== undefined)
const caller: Caller = {
  accountId,
  requester: {
    kind: 'user',
    account: accountId,
    id: 'AIDAEXAMPLE',
    arn: 'arn:aws:iam::123456789012:user/dev',
  },
  principalArn: 'arn:aws:iam::123456789012:user/dev',
  principalId: 'AIDAEXAMPLE',
  principalName: 'dev',
  accessKeyId: 'AKIDEXAMPLE',
  method: 'sigv4',
  session: undefined,
  sourceAddress: '127.0.0.1',
  secureTransport: false,
}
const authenticated: SigV4Result<Caller> = {
  kind: 'authenticated',
  accessKeyId: 'AKIDEXAMPLE',
  service: 'ecr',
  presigned: false,
  signature: 'a'.repeat(64),
  key: caller,
}

function row(name: string, errorStyle: 'ecr' | 'validation'): Operation<World, Call> {
  return operation({
    name,
    input: Type.Object({ repositoryName: Type.String({ minLength: 2 }) }),
    action: `ecr:${name}`,
    resources: (input, scope) => [
      `arn:aws:ecr:${scope.region}:${scope.account}:repository/${input.repositoryName}`,
    ],
    errorStyle,
    run: async (world: World, input, call: Call) => {
      world.steps.push('run')
      if (input.repositoryName === 'missing') throw new Error('missing')
      if (input.repositoryName === 'broken') throw new TypeError('secret of the house')
      return Promise.resolve({
        repositoryName: input.repositoryName,
        by: call.caller.principalName,
      })
    },
  })
}

interface Setting {
  readonly authentication?: SigV4Result<Caller>
  readonly isAllowed?: boolean
  readonly operationName?: string
  readonly body?: string
  readonly change?: Partial<JsonService<World, Call>>
}

function serviceFor(world: World, setting: Setting): JsonService<World, Call> {
  return {
    operations: new Map([
      ['DeleteRepository', row('DeleteRepository', 'ecr')],
      ['GetLifecyclePolicy', row('GetLifecyclePolicy', 'validation')],
    ]),
    unserved: new Set(['DescribeWeather']),
    service: 'ecr',
    region: 'us-east-1',
    deps: world,
    authenticate: async () => {
      world.steps.push('authenticate')
      return Promise.resolve(setting.authentication ?? authenticated)
    },
    authorize: async (_, { action, resources }) => {
      world.steps.push(`authorize ${action} ${resources.join(' ')}`)
      return Promise.resolve(
        setting.isAllowed === false ? denied('User: dev is not authorized') : allowed,
      )
    },
    callOf: (who) => ({ caller: who }),
    spell: (error): AwsError | undefined =>
      error instanceof Error && error.message === 'missing'
        ? { name: 'RepositoryNotFoundException', status: 400, message: 'not there' }
        : undefined,
    onFault: (error) => world.faults.push(error),
    ...setting.change,
  }
}

async function answerTo(setting: Setting) {
  const world: World = { steps: [], faults: [] }
  const facts: DispatchFacts = {
    operation: '',
    caller: undefined,
    action: undefined,
    resource: undefined,
    decision: undefined,
    errorCode: undefined,
  }
  const body = Buffer.from(setting.body ?? '{"repositoryName":"app"}')
  const request = { method: 'POST', rawPath: '/', rawQuery: '', headers: [], body }
  const operationName = setting.operationName ?? 'DeleteRepository'
  const service = serviceFor(world, setting)
  const reply = await dispatchJson(service, request, operationName, facts, 'request-1')
  const parsed: unknown = JSON.parse(reply.body)
  const members = new Map<string, unknown>(
    typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [],
  )
  return { ...reply, members, facts, ...world }
}

// Each row repairs what the row before was refused for, so each shows that its fault is found before all later ones.
const unsigned: SigV4Result<Caller> = {
  kind: 'refused',
  code: 'InvalidSignature',
  message: 'no match',
}
const order: readonly [code: string, setting: Setting, steps: readonly string[]][] = [
  [
    'InvalidSignatureException',
    { authentication: unsigned, operationName: 'Nonsense', body: '{', isAllowed: false },
    ['authenticate'],
  ],
  [
    'UnknownOperationException',
    { operationName: 'Nonsense', body: '{', isAllowed: false },
    ['authenticate'],
  ],
  [
    'UnsupportedOperationException',
    { operationName: 'DescribeWeather', body: '{', isAllowed: false },
    ['authenticate'],
  ],
  ['SerializationException', { body: '{', isAllowed: false }, ['authenticate']],
  ['SerializationException', { body: '{"repositoryName":5}', isAllowed: false }, ['authenticate']],
  [
    'InvalidParameterException',
    { body: '{"repositoryName":"a"}', isAllowed: false },
    ['authenticate'],
  ],
  [
    'ValidationException',
    { operationName: 'GetLifecyclePolicy', body: '{}', isAllowed: false },
    ['authenticate'],
  ],
  [
    'AccessDeniedException',
    { body: '{"repositoryName":"missing"}', isAllowed: false },
    [
      'authenticate',
      'authorize ecr:DeleteRepository arn:aws:ecr:us-east-1:123456789012:repository/missing',
    ],
  ],
  [
    'RepositoryNotFoundException',
    { body: '{"repositoryName":"missing"}' },
    [
      'authenticate',
      'authorize ecr:DeleteRepository arn:aws:ecr:us-east-1:123456789012:repository/missing',
      'run',
    ],
  ],
]
for (const [index, [code, setting, steps]] of order.entries()) {
  test(`refuses in AWS's order, ${index + 1}: ${code}`, async () => {
    const answer = await answerTo(setting)
    assert.equal(answer.status, 400)
    assert.equal(answer.members.get('__type'), code)
    assert.equal(answer.headers['x-amzn-errortype'], code)
    assert.equal(answer.facts.errorCode, code)
    assert.deepEqual(answer.steps, steps)
    assert.deepEqual(answer.faults, [])
  })
}

test('says of an operation of the model that it is not served, and that of no other', async () => {
  const unserved = await answerTo({ operationName: 'DescribeWeather' })
  assert.match(
    String(unserved.members.get('message')),
    /^ecr:DescribeWeather is not implemented by this version of Pratique; .*README/,
  )
  for (const name of ['', 'constructor', '__proto__', 'deleterepository', 'x'.repeat(10_000)]) {
    const unknown = await answerTo({ operationName: name })
    assert.equal(unknown.members.get('__type'), 'UnknownOperationException')
    assert.ok(unknown.body.length < 300)
  }
})

test('tells a denied caller the sentence of the decision and keeps the facts for the log', async () => {
  const refused = await answerTo({ isAllowed: false })
  assert.equal(refused.members.get('message'), 'User: dev is not authorized')
  assert.equal(refused.facts.decision, 'deny')
  assert.equal(refused.facts.action, 'ecr:DeleteRepository')
  assert.equal(refused.facts.resource, 'arn:aws:ecr:us-east-1:123456789012:repository/app')
})

test('answers a fault of its own without details, and tells the owner', async () => {
  const fault = await answerTo({ body: '{"repositoryName":"broken"}' })
  assert.equal(fault.status, 500)
  assert.equal(fault.members.get('__type'), 'ServerException')
  assert.match(String(fault.members.get('message')), /request-1/)
  assert.doesNotMatch(fault.body, /secret of the house/)
  assert.equal(fault.faults.length, 1)
})

test('answers what the operation gave, to the caller that signed', async () => {
  const answer = await answerTo({})
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '{"repositoryName":"app","by":"dev"}')
  assert.equal(answer.facts.decision, 'allow')
  assert.equal(answer.facts.errorCode, undefined)
})

test('refuses a signature that was made for another service', async () => {
  const answer = await answerTo({ authentication: { ...authenticated, service: 'sts' } })
  assert.equal(answer.members.get('__type'), 'InvalidSignatureException')
  assert.match(String(answer.members.get('message')), /correct service: 'ecr'/)
  assert.deepEqual(answer.steps, ['authenticate'])
})

test('refuses a presigned request: an address that acts would be shared and logged', async () => {
  const answer = await answerTo({ authentication: { ...authenticated, presigned: true } })
  assert.equal(answer.members.get('__type'), 'InvalidSignatureException')
  assert.deepEqual(answer.steps, ['authenticate'])
})

test('answers in AWS form when authentication, authorisation or the resource fails', async () => {
  const fail = async (): Promise<never> => Promise.reject(new Error('database password'))
  const nothing = operation({
    name: 'DeleteRepository',
    input: Type.Object({}),
    action: 'ecr:DeleteRepository',
    resources: () => [],
    run: async (world: World) => Promise.resolve(world.steps.push('run')),
  })
  const operations = new Map([['DeleteRepository', nothing]])
  for (const change of [{ authenticate: fail }, { authorize: fail }, { operations }]) {
    const answer = await answerTo({ change })
    assert.equal(answer.members.get('__type'), 'ServerException')
    assert.doesNotMatch(answer.body, /password/)
    assert.equal(answer.faults.length, 1)
    assert.ok(!answer.steps.includes('run'))
  }
})
