// Purpose:  let a caller enter a role for a time.
// Spec:     STS API Reference, AssumeRole; IAM User Guide, "Roles terms and concepts" (chaining), "Monitor and control actions taken
//           with assumed roles" (source identity).
// Input:    the parameters of the request, held against the model already; the caller.
// Deviates: nothing.
// Unknowns: a role that does not exist is refused as one that does not trust the caller.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { denialSentence } from '../policy/denial.ts'
import type { Database } from '../storage/database/database.ts'
import type { AssumableRole } from './assumable-role-store.ts'
import type { Caller } from './caller.ts'
import { accessError } from './errors.ts'
import { issueSession, type TemporaryCredentials } from './issue-session.ts'
import {
  findRoleByArn,
  judgeTrust,
  roleNameOf,
  type GatherForTrust,
  type TrustKeys,
} from './judge-trust.ts'
import { requestTagKeys } from './request-context.ts'
import type { SealKeys } from './rules/seal.ts'
import { roleSessionDuration } from './rules/session-duration.ts'
import { combineSessionTags, noTags, type SessionTags } from './rules/session-tags.ts'
import { packedPolicySize, requireSessionPolicies, type SessionPolicies } from './session-limits.ts'

export interface AssumeRoleDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly sessionKey: SealKeys
  readonly gatherForTrust: GatherForTrust
}

export interface AssumeRoleInput extends SessionPolicies {
  readonly roleArn: string
  readonly sessionName: string
  readonly durationSeconds: number | undefined
  readonly externalId: string | undefined
  readonly sourceIdentity: string | undefined
  readonly tags: readonly { readonly key: string; readonly value: string }[]
  readonly transitiveKeys: readonly string[]
}

export interface AssumedRole {
  readonly credentials: TemporaryCredentials
  /** `AROA…:SESSION` */
  readonly assumedRoleId: string
  readonly arn: string
  readonly packedPolicySize: number | undefined
  readonly sourceIdentity: string | undefined
}

/** In this order: who asks at all, the request's own rules, trust and rights, what the role allows a session to be. */
export async function assumeRole(
  deps: AssumeRoleDeps,
  input: AssumeRoleInput,
  caller: Caller,
): Promise<AssumedRole> {
  requireRoleArn(input.roleArn)
  requireAssumer(caller)
  const session = requireTags(input, caller)
  const sourceIdentity = requireSourceIdentity(input, caller)
  const role = await findRoleByArn(deps.database, input.roleArn)
  const keys = keysOf(input, sourceIdentity)
  for (const action of ['sts:AssumeRole', ...sessionActions(session, sourceIdentity)]) {
    const question = { caller, action, resource: input.roleArn, keys }
    const decision = await judgeTrust(deps.gatherForTrust, role, question)
    if (decision.kind === 'allow') continue
    const { principalArn } = caller
    const about = { principalArn, action, resource: input.roleArn }
    throw accessError('SESSION_DENIED', denialSentence(about, decision))
  }
  // Whoever gets here was allowed to enter it.
  if (role === undefined) throw new Error('a role that does not exist was entered')
  // Not before: which policies an account has is nothing that strangers are told.
  await requireSessionPolicies(deps.database, role.account, input)
  const isChained = caller.requester.kind === 'assumed-role'
  const duration = roleSessionDuration(input.durationSeconds, role.maxSessionSeconds, isChained)
  if (duration.kind === 'refused') throw accessError('INPUT_CONSTRAINT', duration.reason)
  return enterRole(deps, role, {
    ...input,
    ...session,
    sourceIdentity,
    federatedProvider: undefined,
    claims: {},
    durationSeconds: duration.seconds,
  })
}

/** Makes the session of a role that may be entered. */
export async function enterRole(
  deps: Omit<AssumeRoleDeps, 'gatherForTrust'>,
  role: AssumableRole,
  session: SessionPolicies &
    SessionTags & {
      readonly sessionName: string
      readonly durationSeconds: number
      readonly sourceIdentity: string | undefined
      readonly federatedProvider: string | undefined
      readonly claims: Readonly<Record<string, string>>
    },
): Promise<AssumedRole> {
  const size = packedPolicySize(session)
  const { sessionName, durationSeconds, policies, policyArns, tags, transitiveTagKeys } = session
  const { sourceIdentity, federatedProvider, claims } = session
  const credentials = await issueSession(deps, {
    owner: { kind: 'role', id: role.id, sessionName },
    durationSeconds,
    policies,
    policyArns,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    federatedProvider,
    claims,
  })
  return {
    credentials,
    assumedRoleId: `${role.id}:${sessionName}`,
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${sessionName}`,
    packedPolicySize: size,
    sourceIdentity,
  }
}

export function requireRoleArn(arn: string): NonNullable<ReturnType<typeof roleNameOf>> {
  const named = roleNameOf(arn)
  if (named === undefined) throw accessError('INPUT_CONSTRAINT', `${arn.slice(0, 300)} is invalid`)
  return named
}

function requireAssumer({ requester }: Caller): void {
  if (requester.kind === 'root') {
    throw accessError('SESSION_DENIED', 'Roles may not be assumed by root accounts.')
  }
  if (requester.kind === 'user' || requester.kind === 'assumed-role') return
  throw accessError('SESSION_DENIED', 'Cannot call AssumeRole with federated credentials')
}

function requireTags(input: AssumeRoleInput, caller: Caller): SessionTags {
  // A user's GetSessionToken session has no tags of its own to hand on.
  const combined = combineSessionTags(input, caller.session ?? noTags)
  if (combined.kind === 'refused') throw accessError('TAGS_INVALID', combined.reason)
  return combined.session
}

/** Who really acts was said once, and stays true for whatever is entered from there. */
function requireSourceIdentity(
  { sourceIdentity }: AssumeRoleInput,
  { session }: Caller,
): string | undefined {
  const set = session?.sourceIdentity
  if (set !== undefined && sourceIdentity !== undefined && sourceIdentity !== set) {
    const message = `The source identity of the calling session is set and cannot be changed by AssumeRole`
    throw accessError('SESSION_DENIED', message)
  }
  return set ?? sourceIdentity
}

/** The rights that the session needs beside that to enter; also what a chain hands on is set anew in the role that is entered. */
export function sessionActions(
  { tags }: SessionTags,
  sourceIdentity: string | undefined,
): readonly string[] {
  return [
    ...(Object.keys(tags).length > 0 ? ['sts:TagSession'] : []),
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ]
}

function keysOf(input: AssumeRoleInput, sourceIdentity: string | undefined): TrustKeys {
  const { externalId } = input
  return {
    ...sessionKeys({ ...input, sourceIdentity }),
    ...(externalId === undefined ? {} : { 'sts:ExternalId': externalId }),
  }
}

/** What a session is to say of itself, as a trust policy may ask for it before there is one. */
export function sessionKeys({
  sessionName,
  sourceIdentity,
  tags,
  transitiveKeys,
}: Pick<AssumeRoleInput, 'sessionName' | 'sourceIdentity' | 'tags' | 'transitiveKeys'>): TrustKeys {
  return {
    'sts:RoleSessionName': sessionName,
    ...(sourceIdentity === undefined ? {} : { 'sts:SourceIdentity': sourceIdentity }),
    ...requestTagKeys(tags),
    ...(transitiveKeys.length === 0 ? {} : { 'sts:TransitiveTagKeys': transitiveKeys }),
  }
}
