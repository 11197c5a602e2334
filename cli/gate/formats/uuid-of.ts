import { createHash } from 'node:crypto'

/** The same for the same value, in every run: RFC 9562, version 8. */
export function uuidOf(value: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(value)).digest('hex')
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-')
}
