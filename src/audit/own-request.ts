import type { Caller } from '../access/caller.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { RecordRenderer } from './render-record.ts'

type Request = Parameters<RecordRenderer['render']>[0]

/** As a record has it: what nobody sent, but the program did by itself, or who holds its files. */
export function ownRequest({
  account,
  service,
  via,
  sourceAddress,
  ...told
}: Pick<
  Request,
  'requestId' | 'operation' | 'action' | 'resource' | 'decision' | 'parameters' | 'responseElements'
> & {
  readonly account: AccountId
  /** Under which name it stands in the log. */
  readonly service: string
  readonly via: Extract<Caller['method'], 'job' | 'data-directory'>
  readonly sourceAddress: string
}): Request {
  return {
    ...told,
    door: via,
    decidedBy: undefined,
    policyEpoch: undefined,
    caller: {
      accountId: account,
      requester: { kind: 'service', name: service },
      principalArn: service,
      principalId: service,
      principalName: service,
      accessKeyId: undefined,
      method: via,
      session: undefined,
      sourceAddress,
      secureTransport: false,
    },
    hasCredentials: true,
    claimedKeyId: undefined,
    tokenHash: undefined,
    sourceAddress,
    isSecure: false,
    host: undefined,
    userAgent: undefined,
    status: 200,
    errorCode: undefined,
    errorMessage: undefined,
  }
}
