// A part of an export of bills of materials: a compressed archive with a document for each image.
import { gzipSync } from 'node:zlib'
import { pack, type Pack } from 'tar-stream'
import { PratiqueError } from '../lib/errors.ts'
import type { SbomTool } from '../sbom/inventory.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { describeSbom } from './describe-sbom.ts'
import type { FindingExport } from './finding-export-store.ts'
import type { ImageContent } from './image-scan.ts'
import { imagesOfAccount, type ImagePlace } from './images-of-account.ts'
import type { RecordedImage } from './finding-record.ts'
import { textMeets, type TextCriterion } from './rules/finding-criteria.ts'
import { imageArn } from './spell-finding.ts'
import type { ExportPart } from './write-export.ts'

export interface SbomExportDeps {
  readonly reader: SqlReader
  readonly region: string
  readonly contentOf: (repositoryId: number) => ImageContent
  readonly tool: () => Promise<SbomTool>
}

/** Of which images; what is about something else is met by none. */
export interface SbomCriteria {
  readonly accountId?: readonly TextCriterion[]
  readonly resourceId?: readonly TextCriterion[]
  readonly resourceType?: readonly TextCriterion[]
  readonly ecrRepositoryName?: readonly TextCriterion[]
  readonly ecrImageTags?: readonly TextCriterion[]
  /** Filters about functions, machines and other clouds that want something. */
  readonly isForeign?: boolean
}

/** A document may have megabytes. */
const documentsOfPart = 10
const imagesOfPart = 500

export async function exportSboms(
  deps: SbomExportDeps,
  asked: FindingExport,
  { signal }: { readonly signal: AbortSignal },
): Promise<ExportPart> {
  const archive = new Archive()
  // oxlint-disable typescript/no-unsafe-type-assertion -- written by CreateSbomExport and by this job
  const criteria = asked.criteria as SbomCriteria
  const from = (asked.cursor ?? undefined) as ImagePlace | undefined
  // oxlint-enable typescript/no-unsafe-type-assertion
  let looked = 0
  let next: ImagePlace | undefined
  for await (const image of imagesOfAccount(deps.reader, asked.account, from)) {
    signal.throwIfAborted()
    looked += 1
    if (meets(deps.region, criteria, image)) await addImage(deps, { archive, asked, image })
    next = { repository: image.repository, digest: image.digest }
    if (archive.entries >= documentsOfPart || looked >= imagesOfPart) {
      return { bytes: await archive.part(false), entries: archive.entries, next }
    }
  }
  return { bytes: await archive.part(true), entries: archive.entries, next: undefined }
}

/** What cannot be told of an image is told in its place: nobody takes a missing document for an empty one. */
async function addImage(
  { reader, contentOf, tool }: SbomExportDeps,
  {
    archive,
    asked,
    image,
  }: { readonly archive: Archive; readonly asked: FindingExport; readonly image: RecordedImage },
): Promise<void> {
  const { repositoryId, repository: name, digest, account } = image
  const path = `${asked.format}_outputs_${asked.id}/account=${account}/resource=AWS_ECR_CONTAINER_IMAGE/${name}/${digest.replace(':', '_')}`
  const format = asked.format === 'SPDX_2_3' ? 'spdx' : 'cyclonedx'
  try {
    const deps = { reader, content: contentOf(repositoryId), tool: await tool() }
    const input = {
      repositoryId,
      name,
      digest,
      platform: undefined,
      format,
      withFindings: false,
    } as const
    const document = await describeSbom(deps, input)
    if (document !== undefined) archive.add(`${path}.json`, document)
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error
    archive.add(`${path}.error.txt`, `${error.message}\n`)
  }
}

function meets(region: string, criteria: SbomCriteria, image: RecordedImage): boolean {
  const { accountId, resourceId, resourceType, ecrRepositoryName, ecrImageTags } = criteria
  return (
    criteria.isForeign !== true &&
    is(accountId, [image.account]) &&
    is(resourceId, [imageArn(region, image)]) &&
    is(resourceType, ['AWS_ECR_CONTAINER_IMAGE']) &&
    is(ecrRepositoryName, [image.repository]) &&
    is(ecrImageTags, image.tags)
  )
}

function is(asked: readonly TextCriterion[] | undefined, values: readonly string[]): boolean {
  return asked === undefined || textMeets(asked, values)
}

/** Members of gzip follow one another, so that each part is one and the whole is one archive. */
class Archive {
  readonly #pack: Pack = pack()
  #entries = 0

  get entries(): number {
    return this.#entries
  }

  add(name: string, text: string): void {
    this.#entries += 1
    this.#pack.entry({ name, mtime: new Date(0) }, text)
  }

  /** The last part has the end of the archive. */
  async part(isLast: boolean): Promise<Uint8Array> {
    this.#pack.finalize()
    const pieces: Buffer[] = []
    for await (const piece of this.#pack) pieces.push(asBuffer(piece))
    const bytes = Buffer.concat(pieces)
    return gzipSync(isLast ? bytes : bytes.subarray(0, bytes.byteLength - endBytes))
  }
}

/** Two empty blocks end an archive. */
const endBytes = 1024

function asBuffer(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece
  throw new Error('an archive is made of bytes')
}
