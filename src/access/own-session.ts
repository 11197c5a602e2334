import type { Caller } from './caller.ts'
import { accessError } from './errors.ts'
import { issueSession, type TemporaryCredentials } from './issue-session.ts'
import type { AssumeRoleDeps } from './assume-role.ts'
import { ownSessionSeconds } from './rules/session-duration.ts'
import type { SessionOwner } from './rules/session-claims.ts'
import { combineSessionTags, noTags } from './rules/session-tags.ts'
import { packedPolicySize, requireSessionPolicies, type SessionPolicies } from './session-limits.ts'

type Deps = Omit<AssumeRoleDeps, 'gatherForTrust'>

const nothingMore = {
  sourceIdentity: undefined,
  federatedProvider: undefined,
  claims: {},
} as const

/** STS GetSessionToken: the caller for a time, with all rights that they have. No policy allows or denies it. */
export async function getSessionToken(
  deps: Deps,
  input: { readonly durationSeconds: number | undefined },
  caller: Caller,
): Promise<TemporaryCredentials> {
  const id = requireLastingKey(caller, 'GetSessionToken')
  const isRoot = caller.requester.kind === 'root'
  return issueSession(deps, {
    ...noTags,
    ...nothingMore,
    owner: { kind: 'user', id },
    policies: [],
    policyArns: [],
    durationSeconds: ownSessionSeconds(input.durationSeconds, isRoot),
  })
}

export interface FederatedUser {
  readonly credentials: TemporaryCredentials
  readonly arn: string
  /** `ACCOUNT:NAME` */
  readonly id: string
  readonly packedPolicySize: number | undefined
}

/** STS GetFederationToken: what both the caller and the session's policies allow, for somebody whom the caller vouches for. */
export async function getFederationToken(
  deps: Deps,
  input: SessionPolicies & {
    readonly name: string
    readonly durationSeconds: number | undefined
    readonly tags: readonly { readonly key: string; readonly value: string }[]
  },
  caller: Caller,
): Promise<FederatedUser> {
  const id = requireLastingKey(caller, 'GetFederationToken')
  const { accountId } = caller
  const { name, policies, policyArns, tags } = input
  await requireSessionPolicies(deps.database, accountId, input)
  const combined = combineSessionTags({ tags, transitiveKeys: [] }, noTags)
  if (combined.kind === 'refused') throw accessError('TAGS_INVALID', combined.reason)
  const session = { ...combined.session, policies, policyArns }
  const size = packedPolicySize(session)
  const isRoot = caller.requester.kind === 'root'
  const owner: SessionOwner = { kind: 'federated-user', id, sessionName: name }
  const durationSeconds = ownSessionSeconds(input.durationSeconds, isRoot)
  const credentials = await issueSession(deps, {
    ...session,
    ...nothingMore,
    owner,
    durationSeconds,
  })
  const arn = `arn:aws:sts::${accountId}:federated-user/${name}`
  return { credentials, arn, id: `${accountId}:${name}`, packedPolicySize: size }
}

/** The id of a user or of root who signed with a key of their own: a session makes no longer one of itself. */
function requireLastingKey(
  { requester, session }: Caller,
  operation: 'GetSessionToken' | 'GetFederationToken',
): string {
  if (session === undefined && requester.kind === 'root') return requester.account
  if (session === undefined && requester.kind === 'user') return requester.id
  throw accessError('SESSION_DENIED', `Cannot call ${operation} with session credentials`)
}
