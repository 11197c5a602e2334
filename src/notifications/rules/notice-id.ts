// Purpose:  the id of a message, the same at every repeat, so that a receiver can tell repeats.
// Spec:     RFC 9562 section 5.8 (UUID version 8); EventBridge event ids are UUIDs; CloudEvents 1.0 `id`.
// Input:    what makes the message one: an event of the outbox and the thing it tells of.
// Deviates: nothing.
// Unknowns: none.
import { createHash } from 'node:crypto'

export function noticeIdOf(parts: readonly (string | number)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest()
  hash[6] = (hash.readUInt8(6) & 0x0f) | 0x80
  hash[8] = (hash.readUInt8(8) & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  const at = [0, 8, 12, 16, 20, 32]
  return at
    .slice(0, -1)
    .map((start, index) => hex.slice(start, at[index + 1]))
    .join('-')
}
