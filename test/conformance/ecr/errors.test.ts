// Every exception that the model lists for an operation: met by a client, or a reason why it cannot be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ECRServiceException } from '@aws-sdk/client-ecr'
import type { Caller } from '../../../src/access/caller.ts'
import type { EcrCall, EcrDeps } from '../../../src/edges/aws/ecr/call.ts'
import { ecrOperations } from '../../../src/edges/aws/ecr/operations.ts'
import {
  dispatchJson,
  type DispatchFacts,
  type JsonService,
} from '../../../src/edges/aws/protocol/dispatch.ts'
import { parseAccountId } from '../../../src/policy/account-id.ts'
import { allowed } from '../../kit/authorizations.ts'
import { lifecycleText } from '../../kit/lifecycle.ts'
import { badDocuments } from './bad-documents.ts'
import { errorCases, type ErrorCase, type Provocation } from './error-cases.ts'
import { app, indexOf, openErrorPlace, type ErrorPlace } from './error-place.ts'
import { errorShape, errorsOf, inputShape } from './sdk-model.ts'
import { faultsOfAnswer } from './validate-answer.ts'

const absent = 'absent/repository'
const noRepository =
  /^The repository with name 'absent\/repository' does not exist in the registry with id '123456789012'$/
const served = [...ecrOperations.keys()]

/** What holds for every operation alike; a case of its own goes before. */
function generalCase(operation: string, error: string): ErrorCase | undefined {
  if (error === 'ServerException') return 'met by the test below, of every operation'
  if (error === 'KmsException')
    return 'there is no KMS: what is stored is encrypted by nobody but the disk'
  const { members } = inputShape(operation)
  const base = plainInput(operation)
  if (error === 'RepositoryNotFoundException' && members.has('resourceArn')) {
    const resourceArn = `arn:aws:ecr:us-east-1:123456789012:repository/${absent}`
    return { input: { ...base, resourceArn }, says: noRepository }
  }
  if (!members.has('repositoryName')) return undefined
  if (error === 'RepositoryNotFoundException')
    return { input: { ...base, repositoryName: absent }, says: noRepository }
  if (error === 'ImageNotFoundException' && members.has('imageId')) {
    const imageId = { imageTag: 'absent' }
    return {
      input: { ...base, imageId },
      says: /^The image with imageId \{imageDigest:'null', imageTag:'absent'\} does not exist within the repository with name 'errors\/app'/,
    }
  }
  const style = ecrOperations.get(operation)?.errorStyle
  const says = sentences.get(`${style} ${error}`)
  return says === undefined ? undefined : { input: { ...base, repositoryName: 'UPPER' }, says }
}

const sentences: ReadonlyMap<string, RegExp> = new Map([
  [
    'ecr InvalidParameterException',
    /^Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '/,
  ],
  [
    'validation ValidationException',
    /^1 validation error detected: Value 'UPPER' at 'repositoryName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
  ],
])

/** The least that the model takes, about the repository of the place. */
function plainInput(operation: string): object {
  const { required } = inputShape(operation)
  return Object.fromEntries(required.map((name) => [name, plainMembers[name] ?? `plain-${name}`]))
}

const plainMembers: Readonly<Record<string, unknown>> = {
  ...app,
  appliedFor: [],
  ecrRepositoryPrefix: 'plain',
  upstreamRegistryUrl: 'quay.io',
  imageId: { imageTag: 'v1' },
  imageIds: [{ imageTag: 'v1' }],
  imageManifest: indexOf(`sha256:${'0'.repeat(64)}`, 100),
  imageScanningConfiguration: { scanOnPush: false },
  imageTagMutability: 'IMMUTABLE',
  layerDigest: `sha256:${'0'.repeat(64)}`,
  layerDigests: [`sha256:${'0'.repeat(64)}`],
  layerPartBlob: Buffer.from('abc'),
  lifecyclePolicyText: lifecycleText(['1 prefix:nothing- count:9999']),
  partFirstByte: 0,
  partLastByte: 2,
  policyText: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:ListImages' }],
  }),
  repositoryNames: ['errors/app'],
  prefix: 'plain',
  principalArn: 'arn:aws:iam::123456789012:role/plain',
  resourceArn: 'arn:aws:ecr:us-east-1:123456789012:repository/errors/app',
  replicationBackfillId: '00000000-0000-0000-0000-000000000000',
  replicationConfiguration: { rules: [] },
  destination: { region: 'eu-west-1', registryId: '210987654321' },
  signingConfiguration: { rules: [] },
  subjectId: { imageDigest: `sha256:${'0'.repeat(64)}` },
  tagKeys: ['a'],
  tags: [{ Key: 'a', Value: 'b' }],
  targetStorageClass: 'ARCHIVE',
  uploadId: '00000000-0000-0000-0000-000000000000',
}

const table = served.flatMap((operation) =>
  errorsOf(operation).map((error) => ({
    operation,
    error,
    found: errorCases[operation]?.[error] ?? generalCase(operation, error),
  })),
)

test('the table has every exception of every operation that is served, and no other', () => {
  const missing = table.filter(({ found }) => found === undefined)
  assert.deepEqual(
    missing.map(({ operation, error }) => `${operation} ${error}`),
    [],
  )
  const stale = Object.entries(errorCases).flatMap(([operation, cases]) =>
    Object.keys(cases)
      .filter((error) => !errorsOf(operation).includes(error))
      .map((error) => `${operation} ${error}`),
  )
  assert.deepEqual(stale, [])
})

test('each is met as the table has it, and documents that cannot be accepted say why', async (t) => {
  const place = await openErrorPlace(t)
  for (const [operation, cases] of badDocuments)
    for (const [what, input, says] of cases)
      await t.test(`${operation}: ${what}`, async () => {
        await assert.rejects(place.call(operation, { ...app, ...input }), (error) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, says)
          return true
        })
      })
  await place.call('CreateRepository', { repositoryName: 'errors/bare' })
  let met = 0
  // What has reached a limit is of no use to the other cases.
  const isLimit = (error: string): number => (error === 'LimitExceededException' ? 1 : 0)
  for (const { operation, error, found } of table.toSorted(
    (one, other) => isLimit(one.error) - isLimit(other.error),
  )) {
    if (found === undefined || typeof found === 'string') continue
    await t.test(`${operation}: ${error}`, () => meet(place, operation, error, found))
    met += 1
  }
  t.diagnostic(`${met} met, ${table.length - met} with a reason`)
})

async function meet(
  place: ErrorPlace,
  operation: string,
  error: string,
  { input = {}, prepare, says, members = {}, atOnce = 1, after }: Provocation,
): Promise<void> {
  const given = (await prepare?.(place)) ?? input
  const asked = Array.from({ length: atOnce }, () => place.call(operation, given))
  const refused = (await Promise.allSettled(asked)).find(({ status }) => status === 'rejected')
  await after?.(place)
  assert.ok(refused?.status === 'rejected', 'it was accepted')
  const thrown: unknown = refused.reason

  assert.ok(thrown instanceof ECRServiceException)
  assert.equal(
    `${thrown.name}: ${thrown.message}`.startsWith(`${error}: `),
    true,
    `${thrown.name}: ${thrown.message}`,
  )
  assert.match(thrown.message, says)
  assert.equal(thrown.$metadata.httpStatusCode, 400)
  assert.match(thrown.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/)
  const shape = errorShape(error)
  assert.ok(shape !== undefined)
  const own = [...shape.members.keys()].filter((name) => name in thrown)
  const told = Object.fromEntries(own.map((name) => [name, Reflect.get(thrown, name)]))
  assert.deepEqual(faultsOfAnswer(shape, told), [])
  for (const [name, value] of Object.entries(members)) assert.equal(told[name], value, name)
}

test('a fault inside is a ServerException that tells nothing but where to look', async () => {
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('disk /secret is broken')
      },
    },
  )
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever is asked of it throws
  const broken = throwing as never
  for (const operation of served) {
    const faults: unknown[] = []
    const service: JsonService<EcrDeps, EcrCall> = {
      operations: ecrOperations,
      unserved: new Set(),
      service: 'ecr',
      region: 'us-east-1',
      deps: broken,
      authenticate: async () => Promise.resolve({ ...authenticated, key: caller }),
      authorize: async () => Promise.resolve(allowed),
      callOf: () => broken,
      spell: () => undefined,
      onFault: (fault) => faults.push(fault),
    }
    const body = Buffer.from(JSON.stringify(plainInput(operation), base64OfBytes))
    const request = { method: 'POST', rawPath: '/', rawQuery: '', headers: [], body }
    const reply = await dispatchJson(service, request, operation, noFacts(), 'request-1')
    assert.equal(reply.status, 500, `${operation}: ${reply.body}`)
    const message = `internal error; the server's log has request request-1`
    assert.deepEqual(JSON.parse(reply.body), { __type: 'ServerException', message })
    assert.equal(faults.length, 1)
  }
})

const accountId = parseAccountId('123456789012')
assert.ok(accountId !== undefined)
const arn = 'arn:aws:iam::123456789012:user/dev'
const caller: Caller = {
  accountId,
  requester: { kind: 'user', account: accountId, id: 'AIDAEXAMPLE', arn },
  principalArn: arn,
  principalId: 'AIDAEXAMPLE',
  principalName: 'dev',
  accessKeyId: 'AKIDEXAMPLE',
  method: 'sigv4',
  session: undefined,
  sourceAddress: '127.0.0.1',
  secureTransport: false,
}
const authenticated = {
  kind: 'authenticated',
  accessKeyId: 'AKIDEXAMPLE',
  service: 'ecr',
  presigned: false,
  signature: 'a'.repeat(64),
} as const

function noFacts(): DispatchFacts {
  return {
    operation: '',
    caller: undefined,
    action: undefined,
    resource: undefined,
    decision: undefined,
    errorCode: undefined,
  }
}

/** Bytes as they are on the wire, which JSON.stringify shows as a list of numbers. */
function base64OfBytes(key: string, value: unknown): unknown {
  return key === 'layerPartBlob' ? Buffer.from('abc').toString('base64') : value
}
