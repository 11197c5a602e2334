// Purpose:  the envelope of a secret that must be had again (to verify a signature), as a row of the database keeps it.
// Spec:     NIST SP 800-57 part 1, 6.2.2 (a key is bound to what it protects); seal.ts has the box itself.
// Input:    the secret and its row; sealed bytes of a row, which whoever can write the database may have exchanged.
// Deviates: nothing.
// Unknowns: bytes of another row, table, form or master key → undefined.
import { decoy, keyNameOf, namesKey, openSealed, seal, type SealKeys } from './seal.ts'

/** Where a sealed secret lies: its bytes open in no other row. */
export interface SecretPlace {
  readonly table: 'access_keys' | 'stored_keys' | 'notification_secrets' | 'signing_keys'
  readonly row: string
}

export interface SealedSecret {
  readonly bytes: Uint8Array
  /** The master key that it is sealed under; goes into `sealed_under` beside the bytes. */
  readonly under: string
}

const version = 1

/** `nonce` is 12 random bytes, used once. */
export function sealSecret(
  keys: SealKeys,
  nonce: Uint8Array,
  place: SecretPlace,
  plain: Uint8Array,
): SealedSecret {
  const bytes = seal(keys, nonce, plain, contextOf(place))
  return { bytes, under: keyNameOf(bytes) }
}

export function openSecret(
  keys: SealKeys,
  place: SecretPlace,
  sealed: Uint8Array,
): Buffer | undefined {
  // The first form was bound to the row's id alone.
  return openSealed(keys, sealed, namesKey(keys, sealed) ? contextOf(place) : place.row)
}

/** The work of opening a secret of that length where there is none, so that the time taken does not tell which rows there are. */
export function openNobodysSecret(keys: SealKeys, place: SecretPlace, length: number): undefined {
  openSecret(keys, place, decoy(keys, length))
  return undefined
}

function contextOf({ table, row }: SecretPlace): string {
  return `${table}|${row}|${version}`
}
