import type { AccountId } from './account-id.ts'

/**
 * Who asks, as far as policies can tell. `id` and `roleId` are unique ids (`AIDA…`, `AROA…`): a Principal element that was
 * resolved when its policy was put names these, so that who is deleted and made again under the same name is another.
 */
export type Requester =
  | { readonly kind: 'root'; readonly account: AccountId }
  /** With a key of its own or a session of GetSessionToken. */
  | {
      readonly kind: 'user'
      readonly account: AccountId
      readonly id: string
      readonly arn: string
    }
  | {
      readonly kind: 'assumed-role'
      readonly account: AccountId
      readonly roleId: string
      /** With its path; what `aws:PrincipalArn` says. */
      readonly roleArn: string
      /** `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`; what messages say. */
      readonly sessionArn: string
    }
  | {
      readonly kind: 'federated-user'
      readonly account: AccountId
      readonly sessionArn: string
      readonly userId: string
      readonly userArn: string
    }
  /** Within AssumeRoleWithWebIdentity only: `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`. */
  | { readonly kind: 'web-identity'; readonly providerArn: string }
  /** Work that this installation does by itself: `replication.ecr.amazonaws.com`. No credential makes one. */
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'anonymous' }

/** What `aws:PrincipalArn` says of whoever asks: of a session the role's, since conditions name roles. */
export function principalArnOf(requester: Requester): string | undefined {
  switch (requester.kind) {
    case 'root':
      return `arn:aws:iam::${requester.account}:root`
    case 'user':
      return requester.arn
    case 'assumed-role':
      return requester.roleArn
    case 'federated-user':
      return requester.sessionArn
    case 'web-identity':
    case 'service':
    case 'anonymous':
      return undefined
  }
}

/** What `aws:PrincipalType` says; AWS has no word for an identity provider or a service. */
export function principalTypeOf(requester: Requester): string | undefined {
  switch (requester.kind) {
    case 'root':
      return 'Account'
    case 'user':
      return 'User'
    case 'assumed-role':
      return 'AssumedRole'
    case 'federated-user':
      return 'FederatedUser'
    case 'anonymous':
      return 'Anonymous'
    case 'web-identity':
    case 'service':
      return undefined
  }
}
