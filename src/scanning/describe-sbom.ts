import type { Digest } from '../oci/digest.ts'
import { findImage } from './find-image.ts'
import { describeLeft, findScan } from './find-scan.ts'
import type { ImageContent } from './image-scan.ts'
import { readImageInventory } from './read-inventory.ts'
import { writeSbom, type SbomDeps, type SbomFormat } from './write-sbom.ts'

export interface StoredSbomInput {
  readonly repositoryId: number
  /** As clients name the repository. */
  readonly name: string
  readonly repositoryUrl?: string
  readonly digest: Digest
  readonly platform: string | undefined
  readonly format: SbomFormat
  readonly withFindings: boolean
}

/** The bill of materials of a scanned image; undefined where there is no such manifest. No layer is read. */
export async function describeSbom(
  deps: SbomDeps & { readonly content: ImageContent },
  input: StoredSbomInput,
): Promise<string | undefined> {
  const { reader, content } = deps
  const { repositoryId, name, repositoryUrl, format } = input
  const found = await findImage(content, input.digest, input.platform)
  if (found === undefined) return undefined
  const key = { repositoryId, digest: found.digest }
  const { image, config, scannedAt } = await readImageInventory(reader, content, key)
  // Asked of the scan as a whole: it knows whether there is data for what the image holds.
  const scan = input.withFindings ? await findScan(reader, content, key) : undefined
  return writeSbom(deps, {
    image,
    subject: {
      name,
      ...found,
      architecture: config.architecture,
      ...(repositoryUrl === undefined ? {} : { repositoryUrl }),
    },
    scannedAt,
    format,
    ...(scan === undefined
      ? {}
      : {
          findings: {
            instances: scan.instances,
            gaps: [describeLeft(scan) ?? [], scan.reason ?? [], scan.notes].flat(),
            asOf: scan.left?.revision,
          },
        }),
  })
}
