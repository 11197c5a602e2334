// What a policy would do to the images that are stored, before it does anything.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listManifests } from '../registry/manifest-store.ts'
import type { ManifestSummary } from '../registry/manifest-store.ts'
import { listRepositoriesOf, type Repository } from '../registry/repository-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import type { PoliciesInForce } from './policies-in-force.ts'
import { readAdmissionPolicy } from './put-admission-policy.ts'
import { previewRunning, type PreviewedRunning, type RunningAsked } from './preview-running.ts'
import { readImage, type ReadImageDeps } from './read-image.ts'
import type { DecisionContext } from './rules/evidence.ts'
import { neededFacts } from './rules/needed-facts.ts'
import {
  previewDecisions,
  type PreviewLens,
  type PreviewedDecisions,
} from './rules/preview-decisions.ts'

export interface PreviewDeps extends ReadImageDeps {
  readonly policies: PoliciesInForce
}

/** An image that the policy would deny or warn of, were it enforced. */
export interface PreviewedImage extends PreviewedDecisions {
  readonly kind: 'image'
  readonly repository: string
  readonly digest: string
  readonly tag: string
}

export interface PreviewSummary {
  readonly kind: 'summary'
  readonly policy: string
  /** Images with a tag that were looked at. */
  readonly images: number
  readonly denied: number
  /** Of those, that are not denied now. */
  readonly newlyDenied: number
  readonly warned: number
  /** Whether there are more than are looked at. */
  readonly isCut: boolean
  /** Images where they run; undefined where the policy is not asked about for clusters. */
  readonly running: PreviewCounts | undefined
}

/** Of images in the namespaces that they run in. */
export interface PreviewCounts {
  readonly images: number
  readonly denied: number
  readonly newlyDenied: number
  readonly warned: number
  readonly isCut: boolean
}

export interface PreviewInput {
  readonly account: AccountId
  readonly text: string
  /** Where the images would be used. */
  readonly context: Pick<DecisionContext, 'door' | 'cluster' | 'namespace' | 'platforms'>
}

const maxImages = 10_000
const pageSize = 100

/** Writes nothing. ADMISSION_POLICY_INVALID. Each image that would not simply pass, then the sum. */
export async function* previewPolicy(
  deps: PreviewDeps,
  { account, text, context: place }: PreviewInput,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<PreviewedImage | PreviewedRunning | PreviewSummary> {
  const now = deps.clock.now().getTime()
  const draft = readAdmissionPolicy(text, now)
  const stored = await deps.policies.read(account, now)
  const context: DecisionContext = { ...place, withoutPolicy: 'allow' }
  const enforced = { ...draft, mode: 'enforce' as const }
  const lens = { draft: enforced, stored, context, withoutPolicy: 'allow', now } as const
  const summary = { images: 0, denied: 0, newlyDenied: 0, warned: 0 }
  let isCut = false
  for await (const { repository, manifest } of taggedImages(deps, account)) {
    signal.throwIfAborted()
    if (summary.images >= maxImages) {
      isCut = true
      break
    }
    const found = await previewImage(deps, { repository, manifest }, lens)
    await yieldToEventLoop()
    if (found === undefined) continue
    count(summary, found)
    if (found.would !== 'allow') yield found
  }
  const { door, cluster, namespace } = place
  let running: PreviewCounts | undefined
  if (door === 'admission' || door === 'gatekeeper') {
    const asked = { account, draft: enforced, stored, door, cluster, namespace, now }
    running = yield* tellRunning(deps, asked, { signal })
  }
  yield { kind: 'summary', policy: draft.name, ...summary, isCut, running }
}

interface Counts {
  images: number
  denied: number
  newlyDenied: number
  warned: number
}

function count(counts: Counts, { now, would }: PreviewedDecisions): void {
  counts.images += 1
  if (would === 'warn') counts.warned += 1
  if (would !== 'deny') return
  counts.denied += 1
  if (now !== 'deny') counts.newlyDenied += 1
}

async function* tellRunning(
  deps: PreviewDeps,
  asked: RunningAsked,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<PreviewedRunning, PreviewCounts> {
  const counts = { images: 0, denied: 0, newlyDenied: 0, warned: 0 }
  let isCut = false
  for await (const found of previewRunning(deps, asked, options)) {
    if (found === 'cut') {
      isCut = true
      break
    }
    count(counts, found)
    if (found.would !== 'allow') yield found
  }
  return { ...counts, isCut }
}

interface StoredImage {
  readonly repository: Repository
  readonly manifest: ManifestSummary
}

/** Undefined of what nothing runs. */
async function previewImage(
  deps: PreviewDeps,
  { repository, manifest: { digest } }: StoredImage,
  lens: PreviewLens,
): Promise<PreviewedImage | undefined> {
  const [tag] = await listTagsOf(deps.reader, repository.id, digest)
  if (tag === undefined) return undefined
  const known = await readImage(
    deps,
    { account: repository.account, repository: repository.name, reference: { kind: 'tag', tag } },
    { needed: neededFacts([lens.draft, ...lens.stored]), platforms: lens.context.platforms },
  )
  if (known.kind === 'statement' || known.kind === 'absent') return undefined
  const { name } = repository
  return { kind: 'image', repository: name, digest, tag, ...previewDecisions(known, lens) }
}

/** In the order of repositories, then of pushes. */
async function* taggedImages(
  { reader }: Pick<PreviewDeps, 'reader'>,
  account: AccountId,
): AsyncGenerator<StoredImage> {
  let name = ''
  for (;;) {
    const repositories = await listRepositoriesOf(reader, account, { after: name, limit: pageSize })
    for (const repository of repositories) yield* imagesOf(reader, repository)
    const last = repositories.at(-1)
    if (last === undefined) return
    name = last.name
  }
}

async function* imagesOf(
  reader: PreviewDeps['reader'],
  repository: Repository,
): AsyncGenerator<StoredImage> {
  let after = { pushedAt: 0, digest: '' }
  for (;;) {
    const page = { tagStatus: 'TAGGED', archived: 'not', after, limit: pageSize } as const
    const manifests = await listManifests(reader, repository.id, page)
    for (const manifest of manifests) yield { repository, manifest }
    const last = manifests.at(-1)
    if (last === undefined) return
    after = { pushedAt: last.pushedAt.getTime(), digest: last.digest }
  }
}
