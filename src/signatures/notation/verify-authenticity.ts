// Purpose:  did somebody whom the trust policy names make this signature?
// Spec:     Notary Project trust-store-trust-policy.md, steps: validate authenticity; trusted identities constraints.
// Input:    a whole signature, the statement and the stores it names.
// Deviates: with `strictExtensions` a chain with a critical extension that is not understood is not trusted.
// Unknowns: a store that the policy names and that is missing or empty → `unknown`, `root-missing`.
import { isSame } from '../x509/certificate.ts'
import { faultOfExtensions, shownName } from '../x509/chain-rules.ts'
import { isTrustedProfile, type AwsSignature } from './aws-signer.ts'
import type { StoreReference, TrustPolicyStatement } from './trust-policy.ts'
import { storeKey, type TrustStores } from './trust-store.ts'
import { matchSubject } from './trusted-identity.ts'
import type { Found } from './verdict.ts'
import type { WholeSignature } from './verify-integrity.ts'

/** By what a signer is identified: the subject of its certificate, or what a verification plugin says. */
export type Identification =
  | { readonly kind: 'subject' }
  | { readonly kind: 'awsSigner'; readonly aws: AwsSignature }
  | { readonly kind: 'unknown' }

export interface Trust {
  readonly statement: TrustPolicyStatement
  readonly stores: TrustStores
  readonly strictExtensions: boolean
}

/** A certificate of the chain is in a store of the scheme's kind, and the signer is one of those named. */
export function verifyAuthenticity(
  { envelope, chain, leaf }: WholeSignature,
  { statement, stores, strictExtensions }: Trust,
  identification: Identification,
): Found {
  const type = envelope.attributes.scheme === 'notary.x509' ? 'ca' : 'signingAuthority'
  const named = statement.trustStores.filter((store) => store.type === type)
  if (named.length === 0)
    return untrusted(
      'chain-not-in-store',
      `a signature of the scheme ${envelope.attributes.scheme} needs a store of the type ${type}, and the trust policy names none`,
    )
  const missing = named.find((one) => certificatesOf(one, stores).length === 0)
  if (missing !== undefined)
    return {
      detail: `the trust store ${storeKey(missing)} is missing or empty`,
      failure: { result: 'unknown', reason: 'root-missing' },
    }
  const anchor = named
    .flatMap((one) => certificatesOf(one, stores).map((trusted) => ({ trusted, store: one })))
    .find(({ trusted }) => chain.some(({ der }) => isSame(der, trusted.der)))
  if (anchor === undefined)
    return untrusted(
      'chain-not-in-store',
      `no certificate of the chain of ${shownName(leaf)} is in ${named.map(storeKey).join(', ')}`,
    )
  const fault = strictExtensions ? faultOfExtensions(chain) : undefined
  if (fault !== undefined) return untrusted('unknown-critical', fault)
  return verifyIdentity({ leaf, statement, identification, anchoredIn: storeKey(anchor.store) })
}

function certificatesOf(
  store: StoreReference,
  stores: TrustStores,
): readonly WholeSignature['leaf'][] {
  return stores.get(storeKey(store)) ?? []
}

function untrusted(
  reason: 'chain-not-in-store' | 'identity-mismatch' | 'unknown-critical',
  detail: string,
): Found {
  return { detail, failure: { result: 'untrusted', reason } }
}

/** A signature with AWS Signer's attributes is identified by its profile alone, as its plugin does. */
function verifyIdentity(known: {
  readonly leaf: WholeSignature['leaf']
  readonly statement: TrustPolicyStatement
  readonly identification: Identification
  readonly anchoredIn: string
}): Found {
  const { leaf, statement, identification, anchoredIn } = known
  const { trustedIdentities } = statement
  switch (identification.kind) {
    case 'awsSigner': {
      const { aws } = identification
      return isTrustedProfile(aws, trustedIdentities)
        ? { detail: `made by ${aws.profileVersionArn}, anchored in ${anchoredIn}` }
        : untrusted(
            'identity-mismatch',
            `${aws.profileVersionArn} is none of the trusted identities`,
          )
    }
    case 'unknown':
      return {
        detail: `anchored in ${anchoredIn}; who signed cannot be said without the attributes that are not understood`,
        isSkipped: true,
      }
    case 'subject': {
      const match = matchSubject(leaf.subject, trustedIdentities)
      return match.kind === 'matched'
        ? {
            detail: `made by ${shownName(leaf)}, trusted as ${JSON.stringify(match.by)}, anchored in ${anchoredIn}`,
          }
        : untrusted('identity-mismatch', `of ${shownName(leaf)}: ${match.detail}`)
    }
  }
}
