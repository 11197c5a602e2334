import type { Descriptor } from '../../oci/descriptor.ts'
import type { RevocationAnswers } from '../x509/revocation.ts'
import type { AwsSignerAnswer } from './aws-signer.ts'
import type { IssuerWord } from './issuer-word.ts'
import type { TrustPolicyStatement } from './trust-policy.ts'
import type { TrustStores } from './trust-store.ts'

export interface NotationInput {
  readonly envelope: Uint8Array
  /** Of the envelope: the signature manifest's layer says it. */
  readonly mediaType: string
  readonly subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>
  readonly statement: TrustPolicyStatement
  readonly stores: TrustStores
  readonly revocation: RevocationData
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether a further critical extension of a certificate is not trusted; so by default. */
  readonly strictExtensions?: boolean
}

export interface RevocationData {
  readonly answers: RevocationAnswers
  /** Where the signature is AWS Signer's. */
  readonly awsSigner?: AwsSignerAnswer
  /** What the issuer of the signer's certificate knows of it, where it can be asked itself: then no list and no responder is. */
  readonly issuer?: IssuerWord | 'stranger'
}
