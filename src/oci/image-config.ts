// Purpose:  read what a scan needs of an image's configuration: the platform and the digests of unpacked layers.
// Spec:     OCI image-spec config.md; Docker image specification v1.2.
// Input:    bytes of the config blob, at most 4 MiB; hostile.
// Deviates: nothing.
// Unknowns: a config without a layer list is refused: what cannot be held against its layers proves nothing.
import { isRecord } from './descriptor.ts'
import { parseDigest, type Digest } from './digest.ts'
import { parseStrictJson } from './strict-json.ts'

/** Clients read no larger one. */
export const maxConfigBytes = 4 * 1024 * 1024

export interface ImageConfig {
  readonly os: string
  readonly architecture: string
  /** Digests of the unpacked layers, bottom first. */
  readonly diffIds: readonly Digest[]
}

export type ImageConfigResult =
  | { readonly kind: 'config'; readonly config: ImageConfig }
  | { readonly kind: 'refused'; readonly reason: string }

export function parseImageConfig(bytes: Uint8Array): ImageConfigResult {
  const json = parseStrictJson(bytes, ['rootfs', 'diff_ids', 'os', 'architecture'])
  if (json.kind === 'refused') return { kind: 'refused', reason: `the image config ${json.reason}` }
  const { value } = json
  const rootfs = isRecord(value) ? value['rootfs'] : undefined
  const listed = isRecord(rootfs) ? rootfs['diff_ids'] : undefined
  if (!isRecord(value) || !Array.isArray(listed)) {
    return { kind: 'refused', reason: 'the image config has no rootfs.diff_ids' }
  }
  const diffIds = listed.map((text: unknown) =>
    typeof text === 'string' ? parseDigest(text) : undefined,
  )
  const known = diffIds.filter((digest) => digest !== undefined)
  if (known.length !== diffIds.length) {
    return {
      kind: 'refused',
      reason: 'an entry of the image config’s rootfs.diff_ids is not a digest',
    }
  }
  const { os, architecture } = value
  const config = {
    os: typeof os === 'string' ? os : 'linux',
    architecture: typeof architecture === 'string' ? architecture : 'unknown',
    diffIds: known,
  }
  return { kind: 'config', config }
}
