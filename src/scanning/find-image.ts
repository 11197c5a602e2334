import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { scanningError } from './errors.ts'
import type { ImageContent } from './image-scan.ts'
import { platformChildren } from './request-scan.ts'

export interface FoundImage {
  readonly digest: Digest
  /** As the index has it; absent of an image that was asked for by itself. */
  readonly platform?: string
}

/**
 * The image itself, or that of an index for a platform (`linux/arm64`, or `linux/arm64/v8` as the index has it). Throws
 * PLATFORM_UNCLEAR with the platforms there are; undefined where the manifest is not there.
 */
export async function findImage(
  content: ImageContent,
  digest: Digest,
  platform: string | undefined,
): Promise<FoundImage | undefined> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return undefined
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (parsed.kind !== 'parsed' || parsed.manifest.kind !== 'index') return { digest }
  const children = platformChildren(parsed.manifest)
  const [first, ...more] = children.filter(
    (child) => platform === undefined || isOfPlatform(child.platform, platform),
  )
  if (first !== undefined && more.length === 0) return first
  const names = children.map((child) => child.platform).join(', ')
  const wanted =
    platform === undefined ? 'it has several images' : `none or several are ${platform}`
  const message = `index ${digest}: ${wanted}; its platforms are ${names === '' ? 'none' : names}`
  throw scanningError('PLATFORM_UNCLEAR', message)
}

/** `linux/arm64` is `linux/arm64/v8` where nothing else is asked. */
function isOfPlatform(platform: string, asked: string): boolean {
  return platform === asked || platform.startsWith(`${asked}/`)
}
