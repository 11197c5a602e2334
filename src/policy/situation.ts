import type { AccountId } from './account-id.ts'
import type { Requester } from './requester.ts'

/** What can be said of a request before any policy is read. */
export interface Situation {
  /** A member of an account, with policies of its own; not anonymous, no service, no web identity. */
  readonly isMember: boolean
  readonly isRoot: boolean
  readonly isOwnAccount: boolean
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
  return {
    isMember,
    isRoot,
    isOwnAccount,
    isTrust: trustActions.has(action),
    unconditional: isMember ? unconditionalActions.get(action) : undefined,
    isResourceBound: !(isRoot && isOwnAccount && rootAlwaysMay.has(action)),
  }
}
