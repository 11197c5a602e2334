// When images were built, as their configs say. A config never changes, so what was read is kept.
import { BoundedCache } from '../lib/bounded-cache.ts'
import { readAll } from '../lib/read-all.ts'
import { isRecord } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { maxConfigBytes } from '../oci/image-config.ts'
import { parseManifest } from '../oci/manifest.ts'
import { parseStrictJson } from '../oci/strict-json.ts'
import type { ImageContent } from '../scanning/image-scan.ts'

export type CreatedTimes = BoundedCache<number | 'unsaid'>

const forever = new Date(8_640_000_000_000_000)

export function openCreatedTimes(): CreatedTimes {
  return new BoundedCache(10_000)
}

/** Milliseconds; undefined where it cannot be read. */
export async function readCreated(
  {
    times,
    content,
    now,
  }: { readonly times: CreatedTimes; readonly content: ImageContent; readonly now: Date },
  image: Digest,
): Promise<number | 'unsaid' | undefined> {
  const known = times.get(image, now)
  if (known !== undefined) return known
  const stored = await content.findManifest(image)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  if (parsed?.kind !== 'parsed' || parsed.manifest.kind !== 'image') return undefined
  const { config } = parsed.manifest
  const read = config === undefined ? 'unsaid' : await createdIn(content, config.digest)
  if (read !== undefined) times.set(image, read, forever)
  return read
}

async function createdIn(
  content: ImageContent,
  digest: Digest,
): Promise<number | 'unsaid' | undefined> {
  const blob = await content.openBlob(digest)
  if (blob === undefined) return undefined
  if (blob.size > maxConfigBytes) {
    blob.stream.destroy()
    return undefined
  }
  const bytes = await readAll(blob.stream, maxConfigBytes)
  const json = bytes === undefined ? undefined : parseStrictJson(bytes, ['created'])
  if (json?.kind !== 'parsed' || !isRecord(json.value)) return undefined
  const at = Date.parse(String(json.value['created']))
  // Builders that reproduce write the beginning of Unix time, or of a year before there were containers: no time at all.
  return Number.isNaN(at) || at < Date.UTC(2013, 0) ? 'unsaid' : at
}
