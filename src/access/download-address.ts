// Purpose:  make and read addresses that open one blob for a short time to whoever holds them.
// Spec:     Amazon ECR API, GetDownloadUrlForLayer.
// Input:    the token from such an address; hostile.
// Deviates: the address points back at this registry instead of at an object store.
// Unknowns: a token that is altered or over → undefined.
import type { Ids } from '../lib/ids.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { openSealed, seal, type SealKeys } from './rules/seal.ts'

/** Long enough to begin a download; one that has begun is not cut. */
export const downloadLifetimeMs = 5 * 60_000
const context = 'download/1'

interface DownloadGrant {
  readonly repositoryId: number
  readonly digest: Digest
}

export function makeDownloadToken(
  deps: { readonly key: SealKeys; readonly ids: Ids },
  grant: DownloadGrant,
  now: Date,
): string {
  const expiresAt = now.getTime() + downloadLifetimeMs
  const plain = JSON.stringify([grant.repositoryId, grant.digest, expiresAt])
  return seal(deps.key, deps.ids.bytes(12), Buffer.from(plain), context).toString('base64url')
}

export function readDownloadToken(
  key: SealKeys,
  token: string,
  now: Date,
): DownloadGrant | undefined {
  if (token.length > 1024) return undefined
  const plain = openSealed(key, Buffer.from(token, 'base64url'), context)
  const parsed: unknown = plain === undefined ? undefined : JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : []
  const [repositoryId, text, expiresAt] = members
  const digest = typeof text === 'string' ? parseDigest(text) : undefined
  if (typeof repositoryId !== 'number' || digest === undefined) return undefined
  if (typeof expiresAt !== 'number' || expiresAt <= now.getTime()) return undefined
  return { repositoryId, digest }
}
