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
import { dispatchQuery, type QueryService } from '../../src/edges/aws/protocol/query-dispatch.ts'
import { iamModel } from '../../src/edges/aws/protocol/query-protocol.ts'
import { testCaller } from './principals.ts'

const anyMaster = Buffer.alloc(32, 1)

export interface IamAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Of the first element of this name, its escapes resolved; undefined when there is none. */
  text(element: string): string | undefined
  /** Of all elements of this name. */
  texts(element: string): readonly string[]
  /** `NoSuchEntity: The user …`; undefined for a success. */
  readonly error: string | undefined
  /** What is between the operation's Result tags, or the Error's; without the request's id. */
  readonly content: string
  readonly body: string
}

export interface IamAsker {
  /** Members as the protocol names them: `Tags.member.1.Key`. */
  readonly ask: (
    action: string,
    members?: Readonly<Record<string, string>>,
    caller?: Caller,
  ) => Promise<IamAnswer>
  /** What authorisation was asked since the last look. */
  readonly questions: () => readonly Parameters<Authorizer>[1][]
}

/** Everything is allowed, unless `authorize` says otherwise. */
export function iamAsker(
  deps: Omit<IamDeps, 'accessKeyKey' | 'pagingKey'> & Partial<IamDeps>,
  options: { readonly authorize?: Authorizer } = {},
): IamAsker {
  const asked: Parameters<Authorizer>[1][] = []
  const authorize: Authorizer = async (who, question) => {
    asked.push(question)
    return options.authorize?.(who, question) ?? Promise.resolve(allowed)
  }
  const keys = {
    accessKeyKey: deriveKey(anyMaster, 'access-key'),
    pagingKey: deriveKey(anyMaster, 'paging'),
  }
  return {
    questions: () => asked.splice(0),
    async ask(action, members = {}, caller = testCaller()) {
      const form = new URLSearchParams({ Action: action, Version: iamModel.version, ...members })
      const body = Buffer.from(form.toString())
      const request = { method: 'POST', rawPath: '/', rawQuery: '', headers: [], body }
      const service = serviceFor({ ...keys, ...deps }, caller, authorize)
      return answerOf(action, await dispatchQuery(service, request, noFacts(), 'request-1'))
    },
  }
}

function serviceFor(deps: IamDeps, caller: Caller, authorize: Authorizer): QueryService<IamDeps> {
  return {
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
    authorize,
    spell: spellIamError,
    onFault: (fault) => {
      throw fault
    },
  }
}

function answerOf(
  action: string,
  reply: Pick<IamAnswer, 'status' | 'headers' | 'body'>,
): IamAnswer {
  const content = new RegExp(`<(${action}Result|Error)>(.*)</\\1>`, 's').exec(reply.body)?.[2] ?? ''
  const texts = (element: string): readonly string[] =>
    [...reply.body.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(
      ([, text = '']) => plain(text),
    )
  const text = (element: string): string | undefined => texts(element)[0]
  const error = reply.status === 200 ? undefined : `${text('Code')}: ${text('Message')}`
  return { ...reply, text, texts, error, content }
}

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
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
