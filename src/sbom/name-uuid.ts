// Purpose:  a UUID that is the same whenever its name is.
// Spec:     RFC 9562 section 5.5 (version 5).
// Input:    any text.
// Deviates: nothing.
// Unknowns: none.
import { createHash } from 'node:crypto'

/** The namespace of this program's documents; drawn once. */
const namespace = Buffer.from('5b0c8d1e7a0b4c0f9d3e2a6f41c7e890', 'hex')

/** `xxxxxxxx-xxxx-5xxx-yxxx-xxxxxxxxxxxx`. */
export function nameUuid(name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
