// Purpose:  find the errata of an rpm repository in its index.
// Spec:     none official; createrepo_c's repomd.xml: data, location, checksum.
// Input:    the index; hostile.
// Deviates: nothing.
// Unknowns: an index without errata is 'none'; one that cannot be read is refused with the reason.
import { childOf, childText, readXml } from '../../ecosystems/xml-document.ts'
import type { FeedChecksum } from '../../storage/feeds/transport.ts'

export type RepomdReading =
  | {
      readonly kind: 'updateinfo'
      /** Relative to the repository. */
      readonly path: string
      readonly checksum: FeedChecksum | undefined
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly reason: string }

export function readRepomd(bytes: Uint8Array): RepomdReading {
  const document = readXml(bytes)
  if (document.kind === 'refused') return document
  if (document.root.name !== 'repomd') return { kind: 'refused', reason: 'is no repomd.xml' }
  const data = document.root.children.find(
    ({ name, attributes }) => name === 'data' && attributes.get('type') === 'updateinfo',
  )
  if (data === undefined) return { kind: 'none' }
  const path = childOf(data, 'location')?.attributes.get('href')
  if (path === undefined) return { kind: 'refused', reason: 'its errata have no location' }
  const algorithm = childOf(data, 'checksum')?.attributes.get('type')
  const hex = childText(data, 'checksum')?.toLowerCase() ?? ''
  const isKnown = algorithm === 'sha256' || algorithm === 'sha512'
  return {
    kind: 'updateinfo',
    path,
    checksum: isKnown && /^[0-9a-f]+$/.test(hex) ? { algorithm, hex } : undefined,
  }
}
