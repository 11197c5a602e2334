// Purpose:  read one document of a TUF repository, and tell whether a role signed it.
// Spec:     The Update Framework 1.0.33, sections 4 and 5.
// Input:    bytes of a mirror or of a file; hostile.
// Deviates: keys of other kinds than ECDSA over P-256 and Ed25519 do not count.
// Unknowns: whatever is not in the form → TufFault with a sentence.
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { canonicalJson } from './canonical-json.ts'

/** Becomes a value in `updateTuf`. */
export class TufFault extends Error {}

export type TufRole = 'root' | 'timestamp' | 'snapshot' | 'targets'

export interface TufDocument {
  readonly role: TufRole
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly expires: number
  readonly signed: Readonly<Record<string, unknown>>
  readonly signedBytes: Buffer
  readonly signatures: readonly { readonly keyId: string; readonly bytes: Buffer }[]
}

export interface RoleKeys {
  readonly keys: ReadonlyMap<string, KeyObject>
  readonly threshold: number
}

const maxSignatures = 64

export function readDocument(role: TufRole, bytes: Uint8Array): TufDocument {
  const json = parseStrictJson(bytes, ['signed', 'signatures', '_type', 'version', 'expires'])
  const whole = json.kind === 'refused' ? undefined : recordIn(json.value)
  const signed = recordIn(whole?.['signed'])
  const list = whole?.['signatures']
  if (signed === undefined || !Array.isArray(list) || list.length > maxSignatures)
    throw new TufFault(`${role} is no signed document`)
  if (signed['_type'] !== role) throw new TufFault(`${role} says that it is something else`)
  const { version, expires } = signed
  const end = typeof expires === 'string' ? Date.parse(expires) : Number.NaN
  if (!isCount(version) || Number.isNaN(end))
    throw new TufFault(`${role} has no version, or no end`)
  const signedBytes = canonicalJson(signed)
  if (signedBytes === undefined) throw new TufFault(`${role} has no canonical form`)
  return { role, version, expires: end, signed, signedBytes, signatures: list.flatMap(signatureIn) }
}

/** The keys that a root gives a role. */
export function keysOf({ signed }: TufDocument, role: TufRole): RoleKeys {
  const own = recordIn(recordIn(signed['roles'])?.[role])
  const [ids, threshold] = [own?.['keyids'], own?.['threshold']]
  if (!Array.isArray(ids) || !isCount(threshold)) throw new TufFault(`root has no role ${role}`)
  const all = recordIn(signed['keys']) ?? {}
  const keys = new Map<string, KeyObject>()
  for (const id of ids) {
    const key = typeof id === 'string' && Object.hasOwn(all, id) ? keyIn(all[id]) : undefined
    if (key !== undefined && typeof id === 'string') keys.set(id, key)
  }
  return { keys, threshold }
}

/** TufFault where fewer distinct keys than the threshold signed it: one key under two names counts once. */
export function requireSigned(document: TufDocument, { keys, threshold }: RoleKeys): void {
  const good = new Set<string>()
  for (const { keyId, bytes } of document.signatures) {
    const key = keys.get(keyId)
    if (key === undefined) continue
    const algorithm = key.asymmetricKeyType === 'ec' ? 'sha256' : undefined
    if (verify(algorithm, document.signedBytes, key, bytes))
      good.add(key.export({ type: 'spki', format: 'der' }).toString('hex'))
  }
  if (good.size < threshold)
    throw new TufFault(`${document.role} has ${good.size} of ${threshold} signatures`)
}

export function recordIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function signatureIn(
  value: unknown,
): readonly { readonly keyId: string; readonly bytes: Buffer }[] {
  const [keyId, sig] = [recordIn(value)?.['keyid'], recordIn(value)?.['sig']]
  if (typeof keyId !== 'string' || typeof sig !== 'string') return []
  // A key that has not signed yet stands there with no text.
  return /^(?:[0-9a-f]{2}){1,512}$/i.test(sig) ? [{ keyId, bytes: Buffer.from(sig, 'hex') }] : []
}

const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')

function keyIn(value: unknown): KeyObject | undefined {
  const { keytype, keyval } = recordIn(value) ?? {}
  const text = recordIn(keyval)?.['public']
  if (typeof text !== 'string' || text.length > 4096) return undefined
  try {
    if (keytype === 'ed25519' && /^[0-9a-f]{64}$/i.test(text))
      return createPublicKey({
        key: Buffer.concat([ed25519Prefix, Buffer.from(text, 'hex')]),
        type: 'spki',
        format: 'der',
      })
    const key = createPublicKey({ key: text, format: 'pem' })
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined
  } catch {
    // A key of a kind that is not known cannot have signed.
    return undefined
  }
}
