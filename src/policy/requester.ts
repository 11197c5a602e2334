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
