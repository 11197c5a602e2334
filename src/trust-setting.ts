// The settings of trust: where the server may go to verify what others signed.
import { parseUrl } from './setting-values.ts'
import { parseAllowedPlaces, type AllowedPlaces } from './lib/allowed-places.ts'

export interface TrustSetting {
  /** Of inner networks, where revocation of certificates may be asked for. */
  readonly revocationPlaces: AllowedPlaces
  /** Address of the public sigstore instance's TUF repository, or of a copy; undefined for none. */
  readonly sigstoreMirror: string | undefined
}

export const trustSettings = {
  revocationPrivate: {
    environment: 'PRATIQUE_REVOCATION_PRIVATE',
    fallback: '',
    says: 'hosts and networks in private networks (ca.internal,10.1.0.0/16) where revocation lists and OCSP are asked for',
  },
  sigstoreMirror: {
    environment: 'PRATIQUE_SIGSTORE_MIRROR',
    fallback: 'https://tuf-repo-cdn.sigstore.dev',
    says: "address from which the public sigstore instance's root is kept up to date, or none (what was shipped counts)",
  },
} as const

type Read = <T>(
  name: keyof typeof trustSettings,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function trustFrom(read: Read): TrustSetting {
  const expected = 'host names, addresses and networks (10.1.0.0/16) divided by commas'
  const none = { hosts: [], networks: [] }
  const mirror = read(
    'sigstoreMirror',
    (text) => (text === 'none' ? text : parseUrl(text)),
    'an http or https address, or none',
    'none',
  )
  return {
    revocationPlaces: read('revocationPrivate', parseAllowedPlaces, expected, none),
    sigstoreMirror: mirror === 'none' ? undefined : mirror,
  }
}
