import type { Readable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'
import { comparePackages, type PackageComparison } from '../sbom/compare-packages.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findImage } from './find-image.ts'
import type { ImageContent } from './image-scan.ts'
import { readDeclaredImage } from './read-declared-image.ts'
import { readImageInventory } from './read-inventory.ts'

export interface SbomComparison extends PackageComparison {
  /** What the document calls that which it is about. */
  readonly subject: string | undefined
  /** What nobody could see of the image: of this the document may be right and the scan blind. */
  readonly notes: readonly string[]
}

/**
 * A bill of materials against the packages that were found in a scanned image; undefined where there is no such
 * manifest. Throws SBOM_UNREADABLE and what `readImageInventory` throws.
 */
export async function compareSbom(
  { reader, content }: { readonly reader: SqlReader; readonly content: ImageContent },
  input: {
    readonly repositoryId: number
    readonly digest: Digest
    readonly platform: string | undefined
    readonly document: Readable
  },
): Promise<SbomComparison | undefined> {
  const found = await findImage(content, input.digest, input.platform)
  if (found === undefined) return undefined
  const declared = await readDeclaredImage(input.document)
  const key = { repositoryId: input.repositoryId, digest: found.digest }
  const { image } = await readImageInventory(reader, content, key)
  return {
    subject: declared.name,
    ...comparePackages(declared.image.instances, image.instances),
    notes: image.notes.map(({ message }) => message),
  }
}
