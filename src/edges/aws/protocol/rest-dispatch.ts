import type { Caller } from '../../../access/caller.ts'
import { answerOperation, type DispatchFacts, type JsonService } from './dispatch.ts'
import type { AwsReply } from './json-protocol.ts'
import { readRestBody, restError, restReply, type RestMatch } from './rest-protocol.ts'
import type { SignedRequest } from './sigv4-canonical.ts'

/** Answers one request of a service that speaks REST JSON; `match` is undefined for an address that none of its operations has. */
export async function dispatchRest<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  request: SignedRequest & { readonly body: Uint8Array },
  match: RestMatch | undefined,
  facts: DispatchFacts,
  requestId: string,
): Promise<AwsReply> {
  const asked = {
    operationName: match?.name ?? `${request.method} ${request.rawPath}`,
    readBody: () =>
      match === undefined
        ? { kind: 'malformed' as const, message: 'the path is of no operation' }
        : readRestBody(match, request),
  }
  const outcome = await answerOperation(service, request, asked, facts, requestId)
  return outcome.kind === 'refused' ? restError(outcome.error) : restReply(outcome.output)
}
