// IAM's API without its door: a form goes in, XML comes out, as the dispatcher makes it of the rows.
import { allowed } from './authorizations.ts'
import type { Authorizer } from '../../src/access/authorize.ts'
import type { Caller } from '../../src/access/caller.ts'
import { deriveKey } from '../../src/access/rules/seal.ts'
import type { IamDeps } from '../../src/edges/aws/iam/call.ts'
import { spellIamError } from '../../src/edges/aws/iam/errors.ts'
import { iamOperationNames } from '../../src/edges/aws/iam/operation-names.ts'
import { iamOperations } from '../../src/edges/aws/iam/operations.ts'
import type { DispatchFacts } from '../../src/edges/aws/protocol/dispatch.ts'
import { dispatchQuery } from '../../src/edges/aws/protocol/query-dispatch.ts'
import { iamModel } from '../../src/edges/aws/protocol/query-protocol.ts'
import { testCaller } from './principals.ts'

const anyMaster = Buffer.alloc(32, 1)

export interface IamAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What is between the operation's Result tags, or the Error's; without the request's id. */
  readonly content: string
  readonly body: string
}

export interface IamAsker {
  /** Members as the protocol names them: `Tags.member.1.Key`. */
  readonly ask: (action: string, members?: Readonly<Record<string, string>>) => Promise<IamAnswer>
  /** What authorisation was asked since the last look. */
  readonly questions: () => readonly Parameters<Authorizer>[1][]
}

/** Everything is allowed, unless `authorize` says otherwise. */
export function iamAsker(
  deps: Omit<IamDeps, 'accessKeyKey' | 'pagingKey'>,
  options: { readonly authorize?: Authorizer; readonly caller?: Caller } = {},
): IamAsker {
  const { authorize, caller = testCaller() } = options
  const asked: Parameters<Authorizer>[1][] = []
  const judge: Authorizer = async (who, question) => {
    asked.push(question)
    return authorize?.(who, question) ?? Promise.resolve(allowed)
  }
  return {
    questions: () => asked.splice(0),
    async ask(action, members = {}) {
      const form = new URLSearchParams({ Action: action, Version: '2010-05-08', ...members })
      const request = {
        method: 'POST',
        rawPath: '/',
        rawQuery: '',
        headers: [],
        body: Buffer.from(form.toString()),
      }
      const faults: unknown[] = []
      const { status, headers, body } = await dispatchQuery(
        {
          model: iamModel,
          operations: iamOperations,
          names: iamOperationNames,
          region: 'us-east-1',
          deps: {
            ...deps,
            accessKeyKey: deriveKey(anyMaster, 'access-key'),
            pagingKey: deriveKey(anyMaster, 'paging'),
          },
          source: { sourceAddress: '127.0.0.1', secureTransport: false },
          authenticate: async () =>
            Promise.resolve({
              kind: 'authenticated',
              accessKeyId: 'AKIDEXAMPLE',
              service: 'iam',
              presigned: false,
              signature: 'a'.repeat(64),
              key: caller,
            }),
          authorize: judge,
          spell: spellIamError,
          onFault: (fault) => faults.push(fault),
        },
        request,
        noFacts(),
        'request-1',
      )
      if (faults.length > 0) throw new AggregateError(faults)
      const inner = new RegExp(`<(${action}Result|Error)>(.*)</\\1>`, 's').exec(body)?.[2] ?? ''
      return { status, headers, content: inner, body }
    },
  }
}

function noFacts(): DispatchFacts {
  return {
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
}
