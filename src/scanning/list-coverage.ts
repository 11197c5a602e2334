// Images of an account with how they are looked after, in order of repository and digest.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { parseManifest } from '../oci/manifest.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import { findImageUse } from '../running/cluster-image-store.ts'
import type { ImageUse } from '../running/image-use.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listCoveredRows, type CoveredRow } from './covered-image-store.ts'
import { extractorRevision } from './examine-image.ts'
import type { ImageContent } from './image-scan.ts'
import type { ImagePlace } from './images-of-account.ts'
import {
  findRepositoryRow,
  listRepositoryRows,
  type RepositoryRow,
} from './recorded-image-store.ts'
import { scannability } from './request-scan.ts'
import { resolveScanning } from './resolve-scanning.ts'
import { coverageOf, type Coverage } from './rules/coverage-reason.ts'
import {
  momentMeets,
  numberMeets,
  textMeets,
  type MomentCriterion,
  type NumberCriterion,
  type TextCriterion,
} from './rules/finding-criteria.ts'
import type { RegistryDefaults } from './rules/scanning-rules.ts'
import { imageArn } from './spell-finding.ts'

export interface CoverageDeps {
  readonly reader: SqlReader
  readonly region: string
  readonly defaults: RegistryDefaults
  readonly contentOf: (repositoryId: number) => ImageContent
}

export interface CoveredImage extends Coverage {
  readonly account: AccountId
  readonly repository: string
  readonly digest: string
  readonly arn: string
  readonly tags: readonly string[]
  readonly lastPulledAt: Date | undefined
  readonly lastScannedAt: Date | undefined
  /** Where it runs; undefined where no cluster of the account ever told anything. */
  readonly use: ImageUse | undefined
}

/** By the model's names; a field that is not among these is of something else, and unknown of every image. */
export interface CoverageCriteria {
  readonly texts: Readonly<Record<string, readonly TextCriterion[]>>
  readonly moments: Readonly<Record<string, readonly MomentCriterion[]>>
  readonly numbers: Readonly<Record<string, readonly NumberCriterion[]>>
  /** Tags of other resources: no image meets them. */
  readonly isForeign: boolean
}

const rowsAtOnce = 100

/** From a place on. Asked of each repository once: how often it is scanned. */
export async function* coveredImages(
  deps: CoverageDeps,
  { account, criteria }: { readonly account: AccountId; readonly criteria: CoverageCriteria },
  from?: ImagePlace,
): AsyncGenerator<{ readonly place: ImagePlace; readonly image: CoveredImage | undefined }, void> {
  for await (const repository of repositoriesFrom(deps.reader, account, from)) {
    if (!isMeant(criteria, 'ecrRepositoryName', [repository.name])) continue
    const after = from?.repository === repository.name ? from.digest : ''
    for await (const image of imagesOf(deps, repository, after)) {
      const place = { repository: repository.name, digest: image.digest }
      yield { place, image: meets(deps.region, criteria, image) ? image : undefined }
    }
  }
}

async function* repositoriesFrom(
  reader: SqlReader,
  account: AccountId,
  from: ImagePlace | undefined,
): AsyncGenerator<RepositoryRow, void> {
  const begun =
    from === undefined ? undefined : await findRepositoryRow(reader, account, from.repository)
  if (begun !== undefined) yield begun
  let after = from?.repository
  for (;;) {
    const page = await listRepositoryRows(reader, account, {
      after,
      descending: false,
      limit: rowsAtOnce,
    })
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.name
  }
}

async function* imagesOf(
  deps: CoverageDeps,
  { id }: RepositoryRow,
  from: string,
): AsyncGenerator<CoveredImage, void> {
  const { reader, region, defaults } = deps
  const repository = await findRepositoryById(reader, id)
  if (repository === undefined) return
  const { account, name } = repository
  const { frequency } = await resolveScanning({ reader, defaults }, repository)
  let after = from
  for (;;) {
    const rows = await listCoveredRows(reader, id, { after, limit: rowsAtOnce })
    for (const row of rows) {
      await yieldToEventLoop()
      if (row.scan === undefined && !(await isImage(deps, id, row))) continue
      const { digest, lastPulledAt, scan } = row
      yield {
        ...coverageOf(scan, { frequency, engine: extractorRevision }),
        account,
        repository: name,
        digest,
        arn: imageArn(region, { account, repository: name, digest }),
        tags: await listTagsOf(reader, id, digest),
        lastPulledAt,
        lastScannedAt: scan?.completedAt,
        use: await findImageUse(reader, { account, repositoryId: id, repository: name, digest }),
      }
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.digest
  }
}

/** Signatures and statements may have the form of an image. */
async function isImage(
  { contentOf }: CoverageDeps,
  repositoryId: number,
  { digest }: CoveredRow,
): Promise<boolean> {
  const stored = await contentOf(repositoryId).findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  return parsed?.kind === 'parsed' && scannability(parsed.manifest) === 'image'
}

function meets(region: string, criteria: CoverageCriteria, image: CoveredImage): boolean {
  if (criteria.isForeign) return false
  const texts: Readonly<Record<string, readonly string[]>> = {
    scanStatusCode: [image.statusCode],
    scanStatusReason: [image.reason],
    accountId: [image.account],
    resourceId: [image.arn],
    resourceType: ['AWS_ECR_CONTAINER_IMAGE'],
    scanType: ['PACKAGE'],
    ecrRepositoryName: [image.repository],
    ecrImageTags: image.tags,
    cloudProvider: ['AWS'],
    cloudProviderAccountId: [image.account],
    cloudProviderRegion: [region],
  }
  const moments: Readonly<Record<string, Date | undefined>> = {
    lastScannedAt: image.lastScannedAt,
    imagePulledAt: image.lastPulledAt,
    ecrImageLastInUseAt: image.use?.lastSeenAt,
  }
  const numbers: Readonly<Record<string, number | undefined>> = {
    ecrImageInUseCount: image.use?.units,
  }
  return (
    Object.entries(criteria.texts).every(([field, asked]) =>
      textMeets(asked, texts[field] ?? []),
    ) &&
    Object.entries(criteria.moments).every(([field, asked]) =>
      momentMeets(asked, moments[field]),
    ) &&
    Object.entries(criteria.numbers).every(([field, asked]) =>
      asked.some((one) => numberMeets(one, numbers[field])),
    )
  )
}

function isMeant(criteria: CoverageCriteria, field: string, values: readonly string[]): boolean {
  const asked = criteria.texts[field]
  return asked === undefined || textMeets(asked, values)
}
