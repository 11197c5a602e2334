import type { AccountId } from '../policy/account-id.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  authorize,
  authorizeUnder,
  type Authorization,
  type AuthorizationRequest,
  type Authorizer,
  type AuthorizeDeps,
} from './authorize.ts'
import type { Caller } from './caller.ts'
import { couldBeAllowed } from './could-be-allowed.ts'
import { PolicySnapshots } from './policy-snapshot.ts'

/** Who may do what, for all doors: they share one snapshot of the policies. */
export interface Decisions {
  readonly snapshots: PolicySnapshots
  readonly authorize: Authorizer
  /** The same if the first resource, a repository, had that policy. */
  readonly authorizeUnder: (
    caller: Caller,
    request: AuthorizationRequest,
    policy: CompiledPolicy,
  ) => Promise<Authorization>
  /** Whether values of these keys, that are not known yet, could have it allowed. */
  readonly couldAllow: (
    caller: Caller,
    request: AuthorizationRequest,
    unknown: ReadonlySet<string>,
  ) => Promise<boolean>
  /** Reads a page of repositories at once, for lists that judge each of them; their names. */
  readonly prepareRepositories: (
    account: AccountId,
    page: { readonly after: string; readonly limit: number },
  ) => Promise<readonly string[]>
}

export function openDecisions(
  deps: Omit<AuthorizeDeps, 'snapshots'> & { readonly reader: SqlReader },
): Decisions {
  const snapshots = new PolicySnapshots(deps)
  const all = { ...deps, snapshots }
  return {
    snapshots,
    authorize: (caller, request) => authorize(all, caller, request),
    authorizeUnder: (caller, request, policy) => authorizeUnder(all, caller, request, policy),
    couldAllow: (caller, request, unknown) => couldBeAllowed(all, caller, request, unknown),
    prepareRepositories: (account, page) => snapshots.prepare(account, page),
  }
}
