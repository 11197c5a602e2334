import type { SqlReader } from '../storage/database/database.ts'
import type { Caller } from './caller.ts'
import { isAdministrator } from './principal-store.ts'
import { decide, type Decision } from './rules/decide.ts'

/** The question below, as the doors ask it. */
export type Authorizer = (
  caller: Caller,
  request: {
    readonly action: string
    readonly resources: readonly string[]
    /** Values of the request that policies may ask for, by the keys as policies name them: `aws:RequestTag/team`. */
    readonly keys?: Readonly<Record<string, string | readonly string[]>>
  },
) => Promise<Decision>

/**
 * The one question for both protocols: may this caller do this to these resources?
 * The principal is read at each use, so that a token never outlives the rights of who asked for it.
 */
export async function authorize(
  deps: { readonly reader: SqlReader },
  caller: Caller,
  request: { readonly action: string; readonly resources: readonly string[] },
): Promise<Decision> {
  const principal = {
    arn: caller.principalArn,
    account: caller.accountId,
    isAdministrator: await isAdministrator(deps.reader, caller.principalId),
  }
  return decide({ principal, action: request.action, resources: request.resources })
}
