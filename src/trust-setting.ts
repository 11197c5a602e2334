// The settings of trust: where the server may go to verify what others signed.
import { parseAllowedPlaces, type AllowedPlaces } from './lib/allowed-places.ts'

export interface TrustSetting {
  /** Of inner networks, where revocation of certificates may be asked for. */
  readonly revocationPlaces: AllowedPlaces
}

export const trustSettings = {
  revocationPrivate: {
    environment: 'PRATIQUE_REVOCATION_PRIVATE',
    fallback: '',
    says: 'hosts and networks in private networks (ca.internal,10.1.0.0/16) where revocation lists and OCSP are asked for',
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
  return { revocationPlaces: read('revocationPrivate', parseAllowedPlaces, expected, none) }
}
