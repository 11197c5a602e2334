// IAM's operations on a database of the test's own, behind their protocol: forms in, XML out.
import type { TestContext } from 'node:test'
import type { Caller } from '../../src/access/caller.ts'
import type { IamDeps } from '../../src/edges/aws/iam/call.ts'
import { spellIamError } from '../../src/edges/aws/iam/errors.ts'
import { iamOperationNames } from '../../src/edges/aws/iam/operation-names.ts'
import { iamOperations } from '../../src/edges/aws/iam/operations.ts'
import { dispatchQuery, type QueryService } from '../../src/edges/aws/protocol/query-dispatch.ts'
import type { RequestKeys } from '../../src/edges/aws/protocol/query-operation.ts'
import { iamModel } from '../../src/edges/aws/protocol/query-protocol.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { allowed, denied } from './authorizations.ts'
import { temporaryDatabase } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { testKeyring } from './keyring.ts'
import { accountOf, testCaller } from './principals.ts'
import { insertAccount } from '../../src/access/account-store.ts'

export interface IamAnswer {
  readonly status: number
  /** Of the first element of this name, its escapes resolved; undefined when there is none. */
  text(element: string): string | undefined
  /** Of all elements of this name. */
  texts(element: string): readonly string[]
  /** `NoSuchEntity: The user …`; undefined for a success. */
  readonly error: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface TestIam {
  readonly database: Database
  readonly clock: FakeClock
  readonly deps: IamDeps
  /** What was asked of the policies, newest last. */
  readonly asked: { action: string; resources: readonly string[]; keys: RequestKeys }[]
  call(
    action: string,
    parameters?: Readonly<Record<string, string>>,
    caller?: Caller,
  ): Promise<IamAnswer>
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
  const serviceFor = (caller: Caller): QueryService<IamDeps> => ({
    model: iamModel,
    operations: iamOperations,
    names: iamOperationNames,
    region: 'us-east-1',
    deps,
    source: { sourceAddress: '127.0.0.1', secureTransport: false },
    authenticate: async () =>
      Promise.resolve({
        kind: 'authenticated',
        accessKeyId: caller.accessKeyId ?? '',
        service: 'iam',
        presigned: false,
        signature: 'a'.repeat(64),
        key: caller,
      }),
    authorize: async (_, { action, resources, keys = {} }) => {
      asked.push({ action, resources, keys })
      return Promise.resolve(
        isAllowed(action) ? allowed : denied(`not authorized to perform: ${action}`),
      )
    },
    spell: spellIamError,
    onFault: (error) => {
      throw error
    },
  })
  return {
    database,
    clock,
    deps,
    asked,
    async call(action, parameters = {}, caller = testCaller()) {
      const form = new URLSearchParams({ Action: action, Version: iamModel.version, ...parameters })
      const body = Buffer.from(form.toString())
      const request = { method: 'POST', rawPath: '/', rawQuery: '', headers: [], body }
      const facts = {
        operation: '',
        caller: undefined,
        action: undefined,
        resource: undefined,
        decision: undefined,
        errorCode: undefined,
        errorMessage: undefined,
        parameters: undefined,
        responseElements: undefined,
      }
      const reply = await dispatchQuery(serviceFor(caller), request, facts, 'request-1')
      return answerOf(reply)
    },
  }
}

function answerOf(reply: {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}): IamAnswer {
  const texts = (element: string): readonly string[] =>
    [...reply.body.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(
      ([, text = '']) => plain(text),
    )
  const text = (element: string): string | undefined => texts(element)[0]
  const error = reply.status === 200 ? undefined : `${text('Code')}: ${text('Message')}`
  return { ...reply, text, texts, error }
}

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
