// What a policy would do to the images that are stored, before it does anything.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listManifests } from '../registry/manifest-store.ts'
import type { ManifestSummary } from '../registry/manifest-store.ts'
import { listRepositoriesOf, type Repository } from '../registry/repository-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import type { PoliciesInForce } from './policies-in-force.ts'
import { readAdmissionPolicy } from './put-admission-policy.ts'
import { readImage, type KnownImage, type ReadImageDeps } from './read-image.ts'
import type { AdmissionPolicy } from './rules/admission-policy.ts'
import { decide, type Decision } from './rules/decide.ts'
import type { DecisionContext } from './rules/evidence.ts'
import { neededFacts } from './rules/needed-facts.ts'
import type { Reason } from './rules/reason.ts'

export interface PreviewDeps extends ReadImageDeps {
  readonly policies: PoliciesInForce
}

/** An image that the policy would deny or warn of, were it enforced. */
export interface PreviewedImage {
  readonly kind: 'image'
  readonly repository: string
  readonly digest: string
  readonly tag: string
  /** By what is in force now. */
  readonly now: Decision['decision']
  readonly would: Decision['decision']
  /** Of the policy alone. */
  readonly reasons: readonly Pick<Reason, 'code' | 'outcome' | 'message' | 'rule'>[]
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
): AsyncGenerator<PreviewedImage | PreviewSummary> {
  const now = deps.clock.now().getTime()
  const draft = readAdmissionPolicy(text, now)
  const stored = await deps.policies.read(account, now)
  const context: DecisionContext = { ...place, withoutPolicy: 'allow' }
  const lens = { draft: { ...draft, mode: 'enforce' as const }, stored, context, now }
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
    summary.images += 1
    if (found.would === 'allow') continue
    if (found.would === 'warn') summary.warned += 1
    else summary.denied += 1
    if (found.would === 'deny' && found.now !== 'deny') summary.newlyDenied += 1
    yield found
  }
  yield { kind: 'summary', policy: draft.name, ...summary, isCut }
}

interface Lens {
  readonly draft: AdmissionPolicy
  readonly stored: readonly AdmissionPolicy[]
  readonly context: DecisionContext
  readonly now: number
}

interface StoredImage {
  readonly repository: Repository
  readonly manifest: ManifestSummary
}

/** Undefined of what nothing runs. */
async function previewImage(
  deps: PreviewDeps,
  { repository, manifest: { digest } }: StoredImage,
  { draft, stored, context, now }: Lens,
): Promise<PreviewedImage | undefined> {
  const [tag] = await listTagsOf(deps.reader, repository.id, digest)
  if (tag === undefined) return undefined
  const known = await readImage(
    deps,
    { account: repository.account, repository: repository.name, reference: { kind: 'tag', tag } },
    { needed: neededFacts([draft, ...stored]), platforms: context.platforms },
  )
  if (known.kind === 'statement' || known.kind === 'absent') return undefined
  const judge = (policies: readonly AdmissionPolicy[]): Decision =>
    decide(inputOf(known, context, policies), now)
  const alone = judge([draft])
  return {
    kind: 'image',
    repository: repository.name,
    digest,
    tag,
    now: judge(stored).decision,
    would: alone.decision,
    reasons: alone.reasons
      .filter(({ outcome }) => outcome !== 'info')
      .map(({ code, outcome, message, rule }) => ({
        code,
        outcome,
        message,
        ...(rule === undefined ? {} : { rule }),
      })),
  }
}

function inputOf(
  { image, evidence }: KnownImage,
  context: DecisionContext,
  policies: readonly AdmissionPolicy[],
): Parameters<typeof decide>[0] {
  const platforms = evidence.platforms.flatMap(({ platform }) => platform ?? [])
  return { image, evidence, policies, context: { ...context, platforms } }
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
