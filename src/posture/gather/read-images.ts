// The images of a repository, and of those that matter what is in them.
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { Digest } from '../../oci/digest.ts'
import { listManifests, type ManifestSummary } from '../../registry/manifest-store.ts'
import { readReferrerPage } from '../../registry/referrer-page.ts'
import type { Repository } from '../../registry/repository-store.ts'
import { listTagsOf } from '../../registry/tag-store.ts'
import type { ImageContent } from '../../scanning/image-scan.ts'
import { listImageSecrets } from '../../scanning/list-image-secrets.ts'
import { platformChildren } from '../../scanning/request-scan.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { describeEvidence } from '../../trust/describe-signatures.ts'
import { listSignatures } from '../../trust/signature-store.ts'
import type { ClaimedSignatures, ImageEvidence, RepositoryEvidence } from '../rules/evidence.ts'
import {
  chooseImages,
  countClaimedSignatures,
  notLookedInto,
  onlyOfNewest,
  type InsideOfImage,
  type ListedImage,
} from '../rules/choose-images.ts'
import { layerSecretsIn } from '../rules/layer-secrets.ts'
import { isTrustedBy, signatureTerm } from '../rules/signature-term.ts'
import type { ImageDeps, ImageTarget } from './image-deps.ts'
import { readConfiguration } from './read-configuration.ts'
import { readScan } from './read-scan.ts'

const maxImages = 20_000
/** A few milliseconds, with the tags of each. */
const pageSize = 100

/** Nothing of this dates a pull. `now` in milliseconds. */
export async function readImages(
  deps: ImageDeps,
  repository: Repository,
  now: number,
): Promise<RepositoryEvidence['images']> {
  const listed = await listImages(deps.database, repository)
  if (listed === undefined) return { kind: 'unknown', why: `it has more than ${maxImages} images` }
  const { latest, lookedInto } = chooseImages(listed, { now, looked: deps.looked })
  const tooMany = `not looked into: more images than ${deps.looked} of a repository`
  const images: ImageEvidence[] = []
  for (const one of listed) {
    const isLatest = one === latest
    const inside = lookedInto.has(one)
      ? await lookInto(deps, repository, { one, listed, isLatest })
      : notLookedInto(one, tooMany)
    images.push({ ...evidenceOf(one), isLatest, ...inside })
  }
  return { kind: 'told', value: images }
}

interface Listed extends ListedImage {
  readonly summary: ManifestSummary
}

async function listImages(
  reader: SqlReader,
  { id }: Repository,
): Promise<readonly Listed[] | undefined> {
  const listed: Listed[] = []
  let after = { pushedAt: -1, digest: '' }
  for (;;) {
    const page = { tagStatus: 'ANY', archived: 'any', after, limit: pageSize } as const
    const rows = await listManifests(reader, id, page)
    for (const summary of rows)
      listed.push({
        summary,
        tags: await listTagsOf(reader, id, summary.digest),
        artifactType: summary.artifactType,
        pushedAt: summary.pushedAt.getTime(),
        lastPulledAt: summary.lastPulledAt?.getTime(),
      })
    if (listed.length > maxImages) return undefined
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return listed
    after = { pushedAt: last.pushedAt.getTime(), digest: last.digest }
    await yieldToEventLoop()
  }
}

function evidenceOf({
  summary,
  tags,
  pushedAt,
  lastPulledAt,
}: Listed): Omit<ImageEvidence, 'isLatest' | keyof InsideOfImage> {
  const { digest, imageSize: sizeBytes } = summary
  return { digest, tags, pushedAt, lastPulledAt, sizeBytes }
}

interface Looked {
  readonly one: Listed
  readonly listed: readonly Listed[]
  readonly isLatest: boolean
}

async function lookInto(
  deps: ImageDeps,
  repository: Repository,
  { one, listed, isLatest }: Looked,
): Promise<InsideOfImage> {
  const { digest } = one.summary
  const content = deps.contentOf(repository.id)
  const targets = await targetsOf(content, one.summary)
  const scans = []
  for (const target of targets) {
    scans.push(await readScan(deps, repository, target))
    await yieldToEventLoop()
  }
  return {
    scans: { kind: 'told', value: scans },
    configurations: isLatest ? await readConfigurations(content, targets) : onlyOfNewest,
    layers: isLatest ? await readLayerSecrets(deps, content, digest) : onlyOfNewest,
    signatures: { kind: 'told', value: await readSignatures(deps, repository, digest, listed) },
  }
}

async function readLayerSecrets(
  { database: reader }: ImageDeps,
  content: ImageContent,
  digest: Digest,
): Promise<ImageEvidence['layers']> {
  const images = await listImageSecrets({ reader, content }, digest)
  return { kind: 'told', value: layerSecretsIn(images ?? []) }
}

async function readConfigurations(
  content: ImageContent,
  targets: readonly ImageTarget[],
): Promise<ImageEvidence['configurations']> {
  const configurations = []
  for (const target of targets) {
    const found = await readConfiguration(content, target)
    if (found === 'unreadable')
      return { kind: 'unknown', why: 'its configuration is not there, or is no JSON' }
    if (found !== undefined) configurations.push(found)
  }
  return { kind: 'told', value: configurations }
}

async function targetsOf(
  content: ImageContent,
  { digest }: ManifestSummary,
): Promise<readonly ImageTarget[]> {
  const stored = await content.findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  return parsed?.kind === 'parsed' && parsed.manifest.kind === 'index'
    ? platformChildren(parsed.manifest)
    : [{ digest, platform: undefined }]
}

const mostSignatures = 200
/** More artifacts than that beside one image are not counted. */
const mostReferrers = 100

async function readSignatures(
  { database: reader, clock, place }: ImageDeps,
  repository: Repository,
  digest: Digest,
  listed: readonly Listed[],
): Promise<ClaimedSignatures> {
  const { id: repositoryId, account, name } = repository
  const { referrers } = await readReferrerPage(reader, {
    repositoryId,
    subject: digest,
    filter: { artifactTypes: [], archived: 'not' },
    before: undefined,
    limit: mostReferrers,
  })
  const referrerTypes = referrers.map(({ artifactType = '' }) => artifactType)
  const count = countClaimedSignatures(digest, { referrerTypes, images: listed })
  if (count === 0) return { count, isTrusted: unsigned, term: unsigned }
  const image = { account, repository: name, digest }
  const evidence = await describeEvidence({ database: reader, clock, place }, image, undefined)
  const signatures = await listSignatures(reader, { repositoryId, digest }, mostSignatures)
  const outcomes = signatures.flatMap(({ results }) =>
    results.map(({ result, endsAt }) => ({ result, endsAt: endsAt?.getTime() })),
  )
  return {
    count,
    isTrusted: isTrustedBy(evidence.map(({ result }) => result)),
    term: signatureTerm(outcomes),
  }
}

const unsigned = { kind: 'not-applicable', why: 'it has no signature' } as const
