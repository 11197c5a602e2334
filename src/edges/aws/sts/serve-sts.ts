import { createHash } from 'node:crypto'
import type { Caller } from '../../../access/caller.ts'
import { signatureErrors, type AwsError } from '../protocol/aws-error.ts'
import type { DispatchFacts } from '../protocol/dispatch.ts'
import type { AwsReply } from '../protocol/json-protocol.ts'
import { parseForm, queryError, queryReply } from '../protocol/query-protocol.ts'
import type { SignedRequest } from '../protocol/sigv4-canonical.ts'
import type { SigV4Result } from '../protocol/sigv4.ts'

/** The version of the only model there is. */
const version = '2011-06-15'

/**
 * STS. GetCallerIdentity asks for no right: AWS lets no policy deny it, since it tells callers only who they are.
 * It is authenticated-only, also in its presigned form, which others use as a proof of identity.
 */
export async function answerSts(
  authenticate: (request: SignedRequest, bodyHash: string) => Promise<SigV4Result<Caller>>,
  request: SignedRequest & { readonly body: Uint8Array },
  facts: DispatchFacts,
  requestId: string,
): Promise<AwsReply> {
  const refuse = (error: AwsError): AwsReply => {
    facts.errorCode = error.name
    return queryError(error, requestId)
  }
  const bodyHash = createHash('sha256').update(request.body).digest('hex')
  const signed = await authenticate(request, bodyHash)
  if (signed.kind === 'refused') {
    const { query: name, queryStatus: status } = signatureErrors[signed.code]
    return refuse({ name, status, message: signed.message })
  }
  facts.caller = signed.key
  const form = parseForm(
    request.method === 'POST' ? Buffer.from(request.body).toString() : request.rawQuery,
  )
  const action = form?.get('Action') ?? ''
  if (action !== 'GetCallerIdentity' || form?.get('Version') !== version) {
    const message = `Could not find operation ${action.slice(0, 100)} for version ${form?.get('Version')?.slice(0, 20) ?? 'NO_VERSION_SPECIFIED'}; this version of Pratique serves GetCallerIdentity of ${version}`
    return refuse({ name: 'InvalidAction', status: 400, message })
  }
  facts.operation = `sts:${action}`
  const { principalArn, principalId, accountId } = signed.key
  return queryReply(
    action,
    { Arn: principalArn, UserId: principalId, Account: accountId },
    requestId,
  )
}
