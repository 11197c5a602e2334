// A registry that signs, without its doors, and the Signer API as the dispatcher makes it of its rows; policies decide.
import type { TestContext } from 'node:test'
import { openDecisions } from '../../src/access/decisions.ts'
import type { Authorizer } from '../../src/access/authorize.ts'
import type { Caller } from '../../src/access/caller.ts'
import type { JsonService } from '../../src/edges/aws/protocol/dispatch.ts'
import { dispatchRest } from '../../src/edges/aws/protocol/rest-dispatch.ts'
import { matchRest } from '../../src/edges/aws/protocol/rest-protocol.ts'
import type { SignerCall, SignerDeps } from '../../src/edges/aws/signer/call.ts'
import { spellSignerError } from '../../src/edges/aws/signer/errors.ts'
import { signerPaths } from '../../src/edges/aws/signer/operation-paths.ts'
import { signerOperations } from '../../src/edges/aws/signer/operations.ts'
import type { AccountId } from '../../src/policy/account-id.ts'
import { embeddedKeys } from '../../src/signing/embedded-keys.ts'
import { withdrawSignerTrust } from '../../src/trust/withdraw-signer-trust.ts'
import { identitiesIn, userCaller, type Identities } from './identities.ts'
import { testKeyring } from './keyring.ts'
import { accountOf } from './principals.ts'
import { testRegistry, type TestRegistry } from './registry.ts'

export const region = 'us-east-1'

export interface SignerAnswer {
  readonly status: number
  /** Of an error: `ValidationException`. */
  readonly error: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export interface TestSigning {
  readonly registry: TestRegistry
  readonly deps: SignerDeps
  /** What the server told of ARNs of which nothing is known. */
  readonly unknown: readonly string[]
  readonly identities: Identities
  readonly authorize: Authorizer
  readonly own: AccountId
  readonly other: AccountId
  /** Users of the first account who may do everything, and nothing; one of the other account who may do everything. */
  readonly admin: Caller
  readonly dev: Caller
  readonly stranger: Caller
  call(
    caller: Caller,
    method: string,
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<SignerAnswer>
}

export async function testSigning(t: TestContext): Promise<TestSigning> {
  const registry = await testRegistry(t)
  const { database, clock, ids } = registry
  const keyring = await testKeyring(database)
  const identities = identitiesIn(database)
  const [own, other] = [registry.repository.account, accountOf('210987654321')]
  await identities.addAccount(other)
  await identities.addUser(own, 'AIDAADMIN', 'admin')
  await identities.addUser(own, 'AIDADEV', 'dev')
  await identities.addUser(other, 'AIDASTRANGER', 'stranger')
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
  await identities.put('AIDAADMIN', 'all', everything)
  await identities.put('AIDASTRANGER', 'all', everything)
  const decisions = openDecisions({
    reader: database,
    clock,
    region,
    organization: undefined,
    encodeMessage: () => undefined,
  })
  const { authorize } = decisions
  const unknown: string[] = []
  const deps: SignerDeps = {
    database,
    clock,
    ids,
    region,
    keys: embeddedKeys({ ids, keyring }),
    pagingKey: keyring.keysOf('paging'),
    defaults: 'secure',
    onRevoked: withdrawSignerTrust,
    onUnknown: (arn) => unknown.push(arn),
  }
  return {
    registry,
    unknown,
    deps,
    identities,
    authorize,
    own,
    other,
    admin: userCaller(own, 'AIDAADMIN', '/admin'),
    dev: userCaller(own, 'AIDADEV', '/dev'),
    stranger: userCaller(other, 'AIDASTRANGER', '/stranger'),
    async call(caller, method, path, body) {
      const [rawPath = '', rawQuery = ''] = path.split('?')
      const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
      const request = { method, rawPath, rawQuery, headers: [], body: bytes }
      const facts = {
        operation: '',
        caller: undefined,
        action: undefined,
        resource: undefined,
        errorCode: undefined,
        decision: undefined,
      }
      const match = matchRest(signerPaths, request)
      const service = serviceFor(deps, caller, authorize)
      const {
        status,
        headers,
        body: text,
      } = await dispatchRest(service, request, match, facts, 'request-1')
      const answer = JSON.parse(text) as Readonly<Record<string, unknown>>
      return { status, error: headers['x-amzn-errortype'], body: answer }
    },
  }
}

function serviceFor(
  deps: SignerDeps,
  caller: Caller,
  authorize: Authorizer,
): JsonService<SignerDeps, SignerCall> {
  return {
    service: 'signer',
    region,
    operations: signerOperations,
    unserved: new Set(),
    deps,
    authenticate: async () =>
      Promise.resolve({
        kind: 'authenticated',
        accessKeyId: caller.accessKeyId ?? '',
        service: 'signer',
        presigned: false,
        signature: 'a'.repeat(64),
        key: caller,
      }),
    authorize,
    callOf: (who) => ({ caller: who }),
    spell: spellSignerError,
    onFault: (fault) => {
      throw fault
    },
  }
}
