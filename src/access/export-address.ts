// Purpose:  make and read addresses that open one report for a time to whoever holds them.
// Spec:     Amazon Inspector2 API, GetFindingsReportStatus and GetSbomExport: the report is fetched from an object store.
// Input:    the token from such an address; hostile.
// Deviates: the address points back at this registry instead of at an object store.
// Unknowns: a token that is altered or over → undefined.
import type { Ids } from '../lib/ids.ts'
import { openSealed, seal, type SealKeys } from './rules/seal.ts'

/** Told by whoever may ask for the report's status, who can ask again. */
const lifetimeMs = 60 * 60_000
const context = 'export/1'

export function makeExportToken(
  deps: { readonly key: SealKeys; readonly ids: Ids },
  exportId: string,
  now: Date,
): string {
  const plain = JSON.stringify([exportId, now.getTime() + lifetimeMs])
  return seal(deps.key, deps.ids.bytes(12), Buffer.from(plain), context).toString('base64url')
}

/** The id of the report. */
export function readExportToken(key: SealKeys, token: string, now: Date): string | undefined {
  if (token.length > 1024) return undefined
  const plain = openSealed(key, Buffer.from(token, 'base64url'), context)
  const parsed: unknown = plain === undefined ? undefined : JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : []
  const [id, expiresAt] = members
  return typeof id === 'string' && typeof expiresAt === 'number' && expiresAt > now.getTime()
    ? id
    : undefined
}
