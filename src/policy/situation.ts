import type { AccountId } from './account-id.ts'
import type { Requester } from './requester.ts'

/** What can be said of a request before any policy is read. */
export interface Situation {
  /** A member of an account, with policies of its own; not anonymous, no service, no web identity. */
  readonly isMember: boolean
  readonly isRoot: boolean
  /** The requester's policies and the resource's have to allow: between accounts, and for what a session is to say of itself. */
  readonly needsBothSides: boolean
  /** A role is entered only where its trust policy says so. */
  readonly isTrust: boolean
  /** The operation, where no policy is asked; else undefined. */
  readonly unconditional: string | undefined
  /** False for root before the policy of its own repository. */
  readonly isResourceBound: boolean
}

const trustActions: ReadonlySet<string> = new Set([
  'sts:assumerole',
  'sts:assumerolewithwebidentity',
  'sts:assumerolewithsaml',
  'sts:tagsession',
  'sts:setsourceidentity',
])

/** Tags and a source identity are believed by others: a trust policy that names somebody does not let them choose these. */
const twoSidedActions: ReadonlySet<string> = new Set(['sts:tagsession', 'sts:setsourceidentity'])

/** Of GetFederationToken, which enters no role: nobody's trust is asked. */
const federatedUser = /^arn:[^:]*:sts:[^:]*:[^:]*:federated-user\//

/** Questions about the caller itself, which AWS lets no policy take away. */
const unconditionalActions: ReadonlyMap<string, string> = new Map([
  ['sts:getcalleridentity', 'GetCallerIdentity'],
  ['sts:getsessiontoken', 'GetSessionToken'],
])

/** Root could otherwise lock itself out of a repository for good. */
const rootAlwaysMay: ReadonlySet<string> = new Set([
  'ecr:setrepositorypolicy',
  'ecr:deleterepositorypolicy',
])

export function situationOf(request: {
  readonly requester: Requester
  readonly action: string
  readonly resource: string
  readonly resourceAccount: AccountId | undefined
}): Situation {
  const { requester, resource, resourceAccount } = request
  const action = request.action.toLowerCase()
  const account = 'account' in requester ? requester.account : undefined
  const isMember = account !== undefined
  const isRoot = requester.kind === 'root'
  const isOwnAccount =
    resourceAccount === undefined ? resource === '*' : account === resourceAccount
  const isTrust = trustActions.has(action) && !federatedUser.test(resource)
  return {
    isMember,
    isRoot,
    needsBothSides: !isOwnAccount || (isTrust && twoSidedActions.has(action)),
    isTrust,
    unconditional: isMember ? unconditionalActions.get(action) : undefined,
    isResourceBound: !(isRoot && isOwnAccount && rootAlwaysMay.has(action)),
  }
}
