// What signatures are judged by: certificates, public keys and sigstore's roots, as they are kept.

export const storeTypes = ['ca', 'signingAuthority', 'tsa'] as const
export type StoreType = (typeof storeTypes)[number]

/** Certificates that a chain may end in, PEM as it was given. */
export interface StoredStore {
  readonly kind: 'store'
  /** `ca:acme`. */
  readonly name: string
  readonly type: StoreType
  readonly pem: string
  /** SHA-256 of each certificate, in hex. */
  readonly thumbprints: readonly string[]
}

/** Times are milliseconds since the epoch. */
export interface StoredKey {
  readonly kind: 'key'
  readonly name: string
  readonly pem: string
  /** SHA-256 of the key as SubjectPublicKeyInfo, in hex. */
  readonly fingerprint: string
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  /** What was signed from then on does not count. */
  readonly revokedFrom: number | undefined
}

/** A sigstore instance: `trusted_root.json` as it was given. */
export interface StoredRoot {
  readonly kind: 'root'
  readonly name: string
  readonly json: string
  /** SHA-256 of the text, in hex: each result says by which root it was found. */
  readonly hash: string
}

export type StoredMaterial = StoredStore | StoredKey | StoredRoot

/** By name, as policies name them; what a policy names is here, or it was deleted by hand. */
export interface TrustMaterial {
  readonly stores: ReadonlyMap<string, StoredStore>
  readonly keys: ReadonlyMap<string, StoredKey>
  readonly roots: ReadonlyMap<string, StoredRoot>
}

export function materialFrom(all: readonly StoredMaterial[]): TrustMaterial {
  const stores = new Map<string, StoredStore>()
  const keys = new Map<string, StoredKey>()
  const roots = new Map<string, StoredRoot>()
  for (const one of all) {
    if (one.kind === 'store') stores.set(one.name, one)
    else if (one.kind === 'key') keys.set(one.name, one)
    else roots.set(one.name, one)
  }
  return { stores, keys, roots }
}
