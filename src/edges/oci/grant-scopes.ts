import type { Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import type { Decisions } from '../../access/decisions.ts'
import {
  anyRepository,
  formatScope,
  type Grant,
  type Scope,
  type ScopeAction,
} from '../../access/rules/scope.ts'
import { repositoryArn } from '../../policy/arn.ts'
import type { RepositoryAddress } from '../../registry/repository-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { findTarget } from '../../templates/find-target.ts'
import { accountOfHost, addressOf, type AddressDeps } from '../address.ts'
import { ociRoutes } from './routes.ts'

interface Deps extends AddressDeps {
  readonly region: string
  readonly reader: SqlReader
  readonly authorize: Authorizer
  readonly authorizeAsMade: Decisions['authorizeAsMade']
}

export interface GrantedScope {
  readonly scope: Scope
  readonly grant: Grant
}

/** More scopes than any client asks for at once; what is above is not granted. */
const maxScopes = 64

/**
 * The part of the scopes that the caller has any right to now. It only limits: each request is judged by the policies when
 * it comes, so a grant that is too wide opens nothing.
 */
export async function grantScopes(
  deps: Deps,
  caller: Caller,
  host: string | undefined,
  scopes: readonly Scope[],
): Promise<readonly GrantedScope[]> {
  const granted: GrantedScope[] = []
  for (const scope of scopes.slice(0, maxScopes)) {
    const one =
      scope.kind === 'catalog'
        ? await grantCatalog(deps, caller, host)
        : await grantRepository(deps, caller, host, scope)
    if (one !== undefined) granted.push(one)
  }
  return granted
}

/** Parted by spaces, as asked for: RFC 6749, section 3.3. */
export function writeGrants(granted: readonly GrantedScope[]): string {
  return granted.map(({ scope }) => formatScope(scope)).join(' ')
}

async function grantCatalog(
  deps: Deps,
  caller: Caller,
  host: string | undefined,
): Promise<GrantedScope | undefined> {
  // What is listed is judged one by one; who has no name is shown no list.
  if (caller.requester.kind === 'anonymous') return undefined
  const resource = repositoryArn(deps.region, await accountOfHost(deps, host), '*')
  return { scope: { kind: 'catalog' }, grant: { resource, actions: ['catalog'] } }
}

async function grantRepository(
  deps: Deps,
  caller: Caller,
  host: string | undefined,
  scope: Extract<Scope, { readonly kind: 'repository' }>,
): Promise<GrantedScope | undefined> {
  if (scope.name === anyRepository) {
    const isPull = scope.actions.includes('pull') && caller.requester.kind !== 'anonymous'
    return isPull ? grantOf(scope.name, anyRepository, ['pull']) : undefined
  }
  const address = await addressOf(deps, host, scope.name)
  if (address === undefined) return undefined
  const resource = repositoryArn(deps.region, address.account, address.name)
  const door = scope.actions.includes('push') ? await doorOfPush(deps, address) : deps
  const actions: ScopeAction[] = []
  for (const action of scope.actions) {
    if (await allowsAny(door, caller, actionsBehind[action], resource)) actions.push(action)
  }
  return actions.length === 0 ? undefined : grantOf(scope.name, resource, actions)
}

/** A push may make the repository: with the tags and the policy of its template, to which the rights of who pushes may be bound. */
async function doorOfPush(deps: Deps, repository: RepositoryAddress): Promise<Deps> {
  const { reader, region, authorizeAsMade } = deps
  const target = await findTarget(reader, region, repository, 'CREATE_ON_PUSH')
  if (target.kind !== 'future') return deps
  return { ...deps, authorize: (caller, asked) => authorizeAsMade(caller, asked, target.future) }
}

function grantOf(name: string, resource: string, actions: readonly ScopeAction[]): GrantedScope {
  return { scope: { kind: 'repository', name, actions }, grant: { resource, actions } }
}

/** The IAM actions that requests of a scope need, taken from the routes themselves. */
const actionsBehind: Readonly<Record<ScopeAction, readonly string[]>> = {
  pull: behind('pull'),
  push: behind('push'),
  delete: behind('delete'),
}

function behind(scope: ScopeAction): readonly string[] {
  const query = new URLSearchParams()
  const rows = ociRoutes.filter((row) => row.scope === scope)
  const actions = rows.flatMap((row) => [...row.actions({ query, hasBody: true }), row.alsoBy])
  return [...new Set(actions.filter((action) => action !== undefined))]
}

async function allowsAny(
  deps: Deps,
  caller: Caller,
  actions: readonly string[],
  resource: string,
): Promise<boolean> {
  for (const action of actions) if (await allows(deps, caller, action, resource)) return true
  return false
}

async function allows(
  deps: Deps,
  caller: Caller,
  action: string,
  resource: string,
): Promise<boolean> {
  const decision = await deps.authorize(caller, { action, resources: [resource] })
  return decision.kind === 'allow'
}
