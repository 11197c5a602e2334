import type { AccountId } from '../policy/account-id.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  authorize,
  authorizeAsMade,
  authorizeUnder,
  type Authorization,
  type AuthorizationRequest,
  type Authorizer,
  type AuthorizeDeps,
  type FutureRepository,
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
  /** The same if the first resource, a repository that is not there, was made so. */
  readonly authorizeAsMade: (
    caller: Caller,
    request: AuthorizationRequest,
    future: FutureRepository,
  ) => Promise<Authorization>
  /** Whether values of these keys, that are not known yet, could have it allowed. */
  readonly couldAllow: (
    caller: Caller,
    request: AuthorizationRequest,
    unknown: ReadonlySet<string>,
    /** What the first resource will have, where it is a repository that is not there. */
    future?: FutureRepository,
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
    authorizeAsMade: (caller, request, future) => authorizeAsMade(all, caller, request, future),
    couldAllow: (caller, request, unknown, future) =>
      couldBeAllowed(all, caller, request, unknown, future),
    prepareRepositories: (account, page) => snapshots.prepare(account, page),
  }
}
