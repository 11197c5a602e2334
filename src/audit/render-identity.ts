// Purpose:  say who made a request, as CloudTrail does.
// Spec:     AWS CloudTrail User Guide, "CloudTrail userIdentity element".
// Input:    a caller as authentication established it; undefined where nobody was established.
// Deviates: nobody is an AWSAccount with the account ANONYMOUS_PRINCIPAL when nothing was shown, Unknown when what was shown is refused.
// Unknowns: what a session does not carry is left out.
import type { Caller, SessionFacts } from '../access/caller.ts'
import { capText } from './rules/named-fields.ts'

export type UserIdentity = Readonly<Record<string, unknown>>

/** `claimedKeyId`: of credentials that were refused, so that a stolen or a mistyped key can be told from noise. */
export function renderIdentity(
  caller: Caller | undefined,
  claimedKeyId: string | undefined,
  hasCredentials: boolean,
): UserIdentity {
  if (caller === undefined) {
    if (!hasCredentials) return anonymous
    return claimedKeyId === undefined
      ? { type: 'Unknown' }
      : { type: 'Unknown', accessKeyId: claimedKeyId }
  }
  const { requester } = caller
  switch (requester.kind) {
    case 'root':
      return { type: 'Root', ...principalOf(caller), ...sessionOf(caller, undefined) }
    case 'user':
      return {
        type: 'IAMUser',
        ...principalOf(caller),
        userName: caller.principalName,
        ...sessionOf(caller, undefined),
      }
    case 'assumed-role': {
      const { roleId, roleArn, account } = requester
      return {
        type: 'AssumedRole',
        ...principalOf(caller),
        ...sessionOf(caller, issuerOf('Role', roleId, roleArn, account)),
      }
    }
    case 'federated-user': {
      const { userId, userArn, account } = requester
      return {
        type: 'FederatedUser',
        ...principalOf(caller),
        ...sessionOf(caller, issuerOf('IAMUser', userId, userArn, account)),
      }
    }
    case 'web-identity':
      return {
        type: 'WebIdentityUser',
        principalId: caller.principalId,
        userName: caller.principalName,
        identityProvider: requester.providerArn,
      }
    case 'service':
      return { type: 'AWSService', invokedBy: requester.name }
    case 'anonymous':
      return anonymous
  }
}

/** Who exchanged a token for a session, from the answer that says so: nobody signed the request. */
export function renderWebIdentity(answer: unknown): UserIdentity | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  if (!('Provider' in answer && 'SubjectFromWebIdentityToken' in answer && 'Audience' in answer)) {
    return undefined
  }
  const [provider, audience, subject] = [
    String(answer.Provider),
    String(answer.Audience),
    String(answer.SubjectFromWebIdentityToken),
  ]
  return {
    type: 'WebIdentityUser',
    principalId: capText(`${provider}:${audience}:${subject}`, 1024),
    userName: capText(subject),
    identityProvider: capText(provider, 1024),
  }
}

const anonymous: UserIdentity = {
  type: 'AWSAccount',
  principalId: '',
  accountId: 'ANONYMOUS_PRINCIPAL',
}

function principalOf({ principalId, principalArn, accountId, accessKeyId }: Caller): UserIdentity {
  const key = accessKeyId === undefined ? {} : { accessKeyId }
  return { principalId, arn: principalArn, accountId, ...key }
}

function issuerOf(type: string, principalId: string, arn: string, accountId: string): UserIdentity {
  return { type, principalId, arn, accountId, userName: arn.slice(arn.lastIndexOf('/') + 1) }
}

function sessionOf({ session }: Caller, issuer: UserIdentity | undefined): UserIdentity {
  if (session === undefined) return {}
  const sessionContext = {
    ...(issuer === undefined ? {} : { sessionIssuer: issuer }),
    ...webIdentityOf(session),
    attributes: {
      creationDate: secondsOf(session.issuedAt),
      mfaAuthenticated: 'false',
    },
    ...(session.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
  }
  return { sessionContext }
}

function webIdentityOf({ federatedProvider, claims }: SessionFacts): UserIdentity {
  if (federatedProvider === undefined) return {}
  return { webIdFederationData: { federatedProvider, attributes: claims } }
}

/** CloudTrail's times have whole seconds. */
export function secondsOf(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
