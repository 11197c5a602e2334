// Purpose:  let the bearer of an identity provider's token enter a role for a time.
// Spec:     STS API Reference, AssumeRoleWithWebIdentity; IAM User Guide, "Available keys for AWS web identity federation", "Pass
//           session tags in AWS STS".
// Input:    the parameters of a request that nobody signed: the token is the credential.
// Deviates: condition keys of claims besides aud, sub and amr are those that the provider's options name.
// Unknowns: a role that does not exist is refused as one that does not trust the token, in the same words.
import { oidcProviderArn } from '../policy/oidc-provider-arn.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  enterRole,
  requireRoleArn,
  sessionActions,
  sessionKeys,
  type AssumedRole,
  type AssumeRoleDeps,
} from './assume-role.ts'
import type { AssumableRole } from './assumable-role-store.ts'
import type { Caller } from './caller.ts'
import { accessError, type AccessErrorCode } from './errors.ts'
import { findRoleByArn, judgeTrust, type TrustKeys } from './judge-trust.ts'
import type { KeySets } from './oidc/key-sets.ts'
import { verifyIdToken } from './oidc/verify-id-token.ts'
import { findOidcProvider } from './oidc-provider-store.ts'
import type { Source } from './principal.ts'
import type { IdTokenFault, VerifiedToken } from './rules/id-token-claims.ts'
import type { TokenTags } from './rules/id-token-tags.ts'
import { roleSessionDuration } from './rules/session-duration.ts'
import { combineSessionTags, noTags, type SessionTags } from './rules/session-tags.ts'
import { requireSessionPolicies, type SessionPolicies } from './session-limits.ts'
import { useIdToken } from './session-store.ts'

export interface WebIdentityDeps extends AssumeRoleDeps {
  readonly keySets: KeySets
}

export interface WebIdentityInput extends SessionPolicies {
  readonly roleArn: string
  readonly sessionName: string
  readonly token: string
  /** Of OAuth providers without ID tokens, which are not served. */
  readonly providerId: string | undefined
  readonly durationSeconds: number | undefined
}

export interface WebIdentityRole extends AssumedRole {
  readonly subject: string
  readonly audience: string
  readonly providerArn: string
}

const action = 'sts:AssumeRoleWithWebIdentity'

/** In this order: the token and what the session is to say of itself, the role's trust in both, what the role allows a session to be, that the token was not used before. `tell` gets what a verified token says of the session. */
export async function assumeRoleWithWebIdentity(
  deps: WebIdentityDeps,
  input: WebIdentityInput,
  source: Source,
  tell: (said: TokenTags) => void,
): Promise<WebIdentityRole> {
  const { account } = requireRoleArn(input.roleArn)
  const token = await requireToken(deps, account, input)
  // Before it is judged: what a refused session would have said of itself is for the record too.
  tell(token.session)
  const providerArn = oidcProviderArn(account, token.provider.issuer)
  const session = requireTags(token)
  const { sourceIdentity } = token.session
  const role = await requireTrust(deps, [action, ...sessionActions(session, sourceIdentity)], {
    caller: callerOf(account, providerArn, source),
    resource: input.roleArn,
    keys: keysOf(input.sessionName, providerArn, token),
  })
  await requireSessionPolicies(deps.database, account, input)
  const duration = roleSessionDuration(input.durationSeconds, role.maxSessionSeconds, false)
  if (duration.kind === 'refused') throw accessError('INPUT_CONSTRAINT', duration.reason)
  await requireUnused(deps, account, token)
  const { issuer } = token.provider
  const assumed = await enterRole(deps, role, {
    ...input,
    ...session,
    sourceIdentity,
    federatedProvider: providerArn,
    claims: { [`${issuer}:sub`]: token.subject, [`${issuer}:aud`]: token.audience },
    durationSeconds: duration.seconds,
  })
  return { ...assumed, subject: token.subject, audience: token.audience, providerArn }
}

const codes = {
  InvalidIdentityToken: 'ID_TOKEN_INVALID',
  ExpiredTokenException: 'ID_TOKEN_EXPIRED',
  IDPCommunicationError: 'ID_PROVIDER_UNREACHABLE',
  IDPRejectedClaim: 'ID_CLAIM_REJECTED',
} as const satisfies Record<IdTokenFault, AccessErrorCode>

async function requireToken(
  deps: WebIdentityDeps,
  account: AccountId,
  input: WebIdentityInput,
): Promise<VerifiedToken> {
  if (input.providerId !== undefined) {
    throw accessError(
      'ID_TOKEN_INVALID',
      'ProviderId is for OAuth 2.0 access tokens, which are not accepted',
    )
  }
  const { keySets, clock, database } = deps
  const findProvider = (issuer: string) => findOidcProvider(database, account, issuer)
  const verified = await verifyIdToken({ keySets, clock, findProvider }, input.token)
  if (verified.kind === 'verified') return verified.token
  throw accessError(codes[verified.code], verified.message)
}

function requireTags({ session }: VerifiedToken): SessionTags {
  const combined = combineSessionTags(session, noTags)
  if (combined.kind === 'refused') throw accessError('TAGS_INVALID', combined.reason)
  return combined.session
}

async function requireTrust(
  deps: WebIdentityDeps,
  actions: readonly string[],
  question: { readonly caller: Caller; readonly resource: string; readonly keys: TrustKeys },
): Promise<AssumableRole> {
  const role = await findRoleByArn(deps.database, question.resource)
  for (const asked of actions) {
    const decision = await judgeTrust(deps.gatherForTrust, role, { ...question, action: asked })
    if (decision.kind === 'allow') continue
    throw accessError('SESSION_DENIED', `Not authorized to perform ${asked}`)
  }
  // Whoever gets here was allowed to enter it.
  if (role === undefined) throw new Error('a role that does not exist was entered')
  return role
}

/** Who asks has no account and no policies: the trust policy alone decides. */
function callerOf(account: AccountId, providerArn: string, source: Source): Caller {
  return {
    accountId: account,
    requester: { kind: 'web-identity', providerArn },
    principalArn: providerArn,
    principalId: providerArn,
    principalName: providerArn,
    accessKeyId: undefined,
    method: 'web-identity',
    session: undefined,
    ...source,
  }
}

/** `HOST:sub` and the like; the names behind the colon are the provider's options' to choose, what is before it is the provider. */
function keysOf(
  sessionName: string,
  providerArn: string,
  { provider, claims, session }: VerifiedToken,
): TrustKeys {
  const named = Object.entries(claims).map(
    ([name, value]) => [`${provider.issuer}:${name}`, value] as const,
  )
  return {
    ...Object.fromEntries(named),
    ...sessionKeys({ ...session, sessionName }),
    'aws:FederatedProvider': providerArn,
  }
}

async function requireUnused(
  { database, clock }: WebIdentityDeps,
  account: AccountId,
  { provider, tokenId, expiresAt }: VerifiedToken,
): Promise<void> {
  if (provider.options.singleUse !== true || tokenId === undefined) return
  const token = { account, issuer: provider.issuer, tokenId, expiresAt }
  const isFirst = await database.transaction((tx) => useIdToken(tx, token, clock.now()))
  if (isFirst) return
  throw accessError('ID_CLAIM_REJECTED', 'The ID Token was used before, and opens one session')
}
