import { readAll } from '../../lib/read-all.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { ImageContent } from '../../scanning/image-scan.ts'
import { isImageConfigType } from '../rules/choose-images.ts'
import type { ConfigurationEvidence } from '../rules/evidence.ts'
import { configurationIn, maxConfigurationBytes } from '../rules/image-configuration.ts'
import type { ImageTarget } from './image-deps.ts'

/** Undefined for what has none: an artifact that is no image. */
export async function readConfiguration(
  content: ImageContent,
  { digest, platform }: ImageTarget,
): Promise<ConfigurationEvidence | 'unreadable' | undefined> {
  const stored = await content.findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  if (parsed?.kind !== 'parsed') return 'unreadable'
  if (parsed.manifest.kind !== 'image') return undefined
  const { config } = parsed.manifest
  if (config === undefined || !isImageConfigType(config.mediaType)) return undefined
  const blob = await content.openBlob(config.digest)
  const bytes = blob && (await readAll(blob.stream, maxConfigurationBytes))
  const document = bytes && documentIn(bytes.toString('utf8'))
  return document === undefined ? 'unreadable' : configurationIn(document, platform)
}

/** Whoever pushes writes it: it may be no JSON at all. */
function documentIn(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed
  } catch {
    return undefined
  }
}
