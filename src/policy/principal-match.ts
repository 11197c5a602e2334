// Purpose:  does a Principal or NotPrincipal element name who asks, and in which way?
// Spec:     IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal"; "Policy evaluation logic" for the ways.
// Input:    an element as parsed, ids that its ARNs had when the policy was put, and a requester. All trusted.
// Deviates: NotPrincipal exempts only whom it names at every level (AWS: "might"); with Allow it names nobody.
// Unknowns: an ARN without an id is compared by its text: it is foreign, or nothing bears it.
import type { PrincipalElement, PrincipalForm } from './document.ts'
import type { Requester } from './requester.ts'

/**
 * What naming a principal gives it within the account: `direct` needs nothing else, `limited` is still bound by boundary and
 * session policy, `account` leaves the decision to the account's own policies.
 */
export type Grant = 'direct' | 'limited' | 'account'

export interface PrincipalMatch {
  /** How a Principal element names the requester; undefined where it does not. */
  grantTo(chain: Chain): Grant | undefined
  /** Does a Deny with this element bind the requester? */
  binds(chain: Chain, hasBoundary: boolean): boolean
}

/** The levels at which a requester can be named; of one that has none of them, none. */
export interface Chain {
  readonly account: string | undefined
  /** The user or role, by its id and its ARN. */
  readonly entity: { readonly id: string; readonly arn: string } | undefined
  /** The session, the identity provider, or the service. */
  readonly bearer: string | undefined
}

export function chainOf(requester: Requester): Chain {
  switch (requester.kind) {
    case 'root':
      return { account: requester.account, entity: undefined, bearer: undefined }
    case 'user':
      return { account: requester.account, entity: requester, bearer: undefined }
    case 'assumed-role': {
      const { account, roleId: id, roleArn: arn, sessionArn } = requester
      return { account, entity: { id, arn }, bearer: sessionArn }
    }
    case 'federated-user': {
      const { account, userId: id, userArn: arn, sessionArn } = requester
      return { account, entity: { id, arn }, bearer: sessionArn }
    }
    case 'web-identity':
      return { account: undefined, entity: undefined, bearer: requester.providerArn }
    case 'service':
      return { account: undefined, entity: undefined, bearer: requester.name }
    case 'anonymous':
      return { account: undefined, entity: undefined, bearer: undefined }
  }
}

interface Named {
  readonly isEveryone: boolean
  readonly accounts: ReadonlySet<string>
  /** Unique ids and, of what was not resolved, ARNs: of users and roles. */
  readonly entities: ReadonlySet<string>
  /** ARNs of sessions and of providers, names of services: what has no id of its own. */
  readonly bearers: ReadonlySet<string>
}

export function compilePrincipal(
  element: PrincipalElement,
  ids: ReadonlyMap<string, string>,
): PrincipalMatch {
  const named = collect(element.members, ids)
  if (element.isNegated) {
    return {
      grantTo: () => undefined,
      // A boundary hides the chain: AWS denies every principal that has one, listed or not.
      binds: (chain, hasBoundary) => hasBoundary || !isExempt(named, chain),
    }
  }
  return {
    grantTo: (chain) => grantOf(named, chain),
    binds: (chain) => grantOf(named, chain) !== undefined,
  }
}

function collect(members: readonly PrincipalForm[], ids: ReadonlyMap<string, string>): Named {
  const accounts = new Set<string>()
  const entities = new Set<string>()
  const bearers = new Set<string>()
  for (const member of members) {
    switch (member.kind) {
      case 'everyone':
        break
      case 'account':
        accounts.add(member.account)
        break
      case 'user':
      case 'role':
        entities.add(ids.get(member.arn) ?? member.arn)
        break
      case 'unique-id':
        entities.add(member.id)
        break
      case 'session':
      case 'federated-user':
      case 'oidc-provider':
        bearers.add(member.arn)
        break
      case 'service':
        bearers.add(member.name)
        break
    }
  }
  return {
    isEveryone: members.some(({ kind }) => kind === 'everyone'),
    accounts,
    entities,
    bearers,
  }
}

function grantOf(named: Named, { account, entity, bearer }: Chain): Grant | undefined {
  if (named.isEveryone) return 'direct'
  if (bearer !== undefined && named.bearers.has(bearer)) return 'direct'
  // A user is who asks; a role, and a user who federated, only lend their rights to a session.
  if (isNamed(named, entity)) return bearer === undefined ? 'direct' : 'limited'
  return account !== undefined && named.accounts.has(account) ? 'account' : undefined
}

function isNamed(named: Named, entity: Chain['entity']): boolean {
  return entity !== undefined && (named.entities.has(entity.id) || named.entities.has(entity.arn))
}

/** Every level that the requester has must be listed. */
function isExempt(named: Named, { account, entity, bearer }: Chain): boolean {
  if (named.isEveryone) return true
  if (account === undefined) return bearer !== undefined && named.bearers.has(bearer)
  return (
    named.accounts.has(account) &&
    (entity === undefined || isNamed(named, entity)) &&
    (bearer === undefined || named.bearers.has(bearer))
  )
}

/** As a policy writes it. */
export function principalText(form: PrincipalForm): string {
  switch (form.kind) {
    case 'everyone':
      return '*'
    case 'account':
      return form.account
    case 'unique-id':
      return form.id
    case 'service':
      return form.name
    case 'user':
    case 'role':
    case 'session':
    case 'federated-user':
    case 'oidc-provider':
      return form.arn
  }
}
