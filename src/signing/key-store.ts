import type { KeyObject } from 'node:crypto'
import type { SealedSecret } from '../access/rules/seal-secret.ts'
import type { SqlReader } from '../storage/database/database.ts'

/** The kinds of keys that can be made: those of the Notary Project, as its plugins write them. */
export const keySpecs = ['EC-256', 'EC-384', 'EC-521', 'RSA-2048', 'RSA-3072', 'RSA-4096'] as const
export type KeySpec = (typeof keySpecs)[number]

/** A pair that was made and is not kept yet: its private part is sealed for the row of that id. */
export interface MadeKey {
  readonly id: string
  readonly publicKey: KeyObject
  readonly secret: SealedSecret
  /** Of a certificate that is to sign itself, or of an issuer: what `issue` of the store would be given. */
  readonly issue: (make: (key: KeyObject) => Uint8Array) => Uint8Array
}

/**
 * Where private keys are. They are used, and never handed out; `sign` and `issue` reject with SIGNING_KEY_UNUSABLE where the key
 * cannot be used. The embedded one keeps them in the database; a remote one would keep the id of its own.
 */
export interface KeyStore {
  make(spec: KeySpec): Promise<MadeKey>
  /** Over these bytes, in the form that envelopes have: ECDSA as r‖s, RSA as PSS. */
  sign(reader: SqlReader, id: string, bytes: Uint8Array): Promise<Uint8Array>
  /** A certificate that this key signs. */
  issue(reader: SqlReader, id: string, make: (key: KeyObject) => Uint8Array): Promise<Uint8Array>
}
