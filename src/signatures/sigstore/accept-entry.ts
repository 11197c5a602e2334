// One way in which a trust policy lets sigstore's signatures count (signing reference 5.1).
import type { TrustedKey } from '../../lib/public-keys.ts'
import type { SigstoreRoot } from './trusted-root.ts'

export interface KeylessEntry {
  readonly kind: 'keyless'
  /** Undefined: the root that the policy names is not here. */
  readonly root: SigstoreRoot | undefined
  /** Compared as it is. */
  readonly issuer: string
  /** A subject alternative name, or a pattern of one: identity-pattern.ts. */
  readonly subject: string
  /** Certificate extensions by their names in certificate-identity.ts, each compared as it is: numeric ids survive a rename. */
  readonly claims?: Readonly<Record<string, string>>
  readonly thresholds: {
    /** Distinct transparency logs. */
    readonly log: number
    /** Distinct sources of time; at least one is always wanted, since the certificate is valid for minutes. */
    readonly time: number
    /** Distinct logs of certificates. */
    readonly certificateLog: number
  }
  readonly acceptAttestationAsSignature: boolean
}

export interface KeyEntry {
  readonly kind: 'key'
  readonly keys: readonly NamedKey[]
  /** Needed where a threshold is above zero. */
  readonly root: SigstoreRoot | undefined
  readonly thresholds: { readonly log: number; readonly time: number }
  readonly acceptAttestationAsSignature: boolean
}

export type AcceptEntry = KeylessEntry | KeyEntry

/** Times are milliseconds since the epoch. */
export interface NamedKey {
  readonly name: string
  readonly key: TrustedKey
  readonly validFrom?: number
  readonly validUntil?: number
  /** What was signed from then on does not count. */
  readonly revokedFrom?: number
}
