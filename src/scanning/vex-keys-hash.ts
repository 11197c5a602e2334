import { createHash } from 'node:crypto'
import type { TrustedKey } from '../lib/public-keys.ts'

/** Names a set of keys, in whatever order: what was judged under another set must be judged anew. */
export function keysHashOf(keys: readonly TrustedKey[]): string {
  const names = [...new Set(keys.map(({ fingerprint }) => fingerprint))].toSorted()
  return createHash('sha256').update(names.join('\n')).digest('hex')
}
