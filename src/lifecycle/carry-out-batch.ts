import type { Clock } from '../lib/clock.ts'
import { parseDigest } from '../oci/digest.ts'
import { archiveImage } from '../registry/change-storage-class.ts'
import { removeManifest } from '../registry/delete-manifest.ts'
import { findManifestByDigest, listFreeReferrers } from '../registry/manifest-store.ts'
import { findRepositoryById, type Repository } from '../registry/repository-store.ts'
import { isRunning } from '../running/cluster-image-store.ts'
import type { ImageKey } from '../running/image-use.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { listChangedDigests, readChangeMark, type ChangeMark } from './change-store.ts'
import { findGuardText } from './guard-store.ts'
import { findImageFacts, type ImageFacts } from './image-facts-store.ts'
import { insertRecord } from './record-store.ts'
import { readGuardsOf, readStoredPolicy } from './read-policy.ts'
import { readImages } from './read-images.ts'
import { countStillHolds, planCounts, type CountPlan } from './rules/count-plan.ts'
import { evaluateLifecycle, type ActReason } from './rules/evaluate-lifecycle.ts'
import type { LifecycleImage } from './rules/lifecycle-image.ts'
import { dayMs, type LifecycleAction, type LifecyclePolicy } from './rules/lifecycle-policy.ts'
import type { LifecycleLimits } from './rules/parse-lifecycle.ts'
import { addRunCounts, type LifecycleRun } from './run-store.ts'
import { archiveMinimumOf } from './start-preview.ts'

/** In the history of tags and in events. */
export const lifecyclePrincipal = 'lifecycle.ecr.amazonaws.com'

export interface PlannedAct {
  readonly image: LifecycleImage
  readonly action: LifecycleAction
  readonly rule: number
  readonly reason: ActReason
}

/** What is to be done, oldest first, and what it was decided by. */
export interface RunPlan {
  readonly acts: readonly PlannedAct[]
  readonly policy: LifecyclePolicy
  readonly counts: CountPlan
  readonly guardText: string | undefined
  readonly hasGuards: boolean
  readonly guardsLastOfPrefix: boolean
  readonly guardsRunning: boolean
  /** For how long a deletion can be undone; 0: not at all. */
  readonly undoMs: number
  readonly archiveMinimumDays: number
  /** Grows with each batch: what others changed since the images were read, as it is now. */
  readonly changed: Map<string, Awaited<ReturnType<typeof findImageFacts>>>
  mark: ChangeMark
}

/** Changes that a plan lives with; with more it is made anew. */
const maxChanged = 300

export interface PlanDeps {
  readonly database: Database
  readonly clock: Clock
  readonly defaults: LifecycleLimits
  /** Of blobs that no manifest needs: a deleted image can be brought back while they are there. */
  readonly graceMs: number
}

/** The mark is read before the images: what changes while they are read is a change behind it. */
export async function planActs(
  deps: PlanDeps,
  run: LifecycleRun,
  options: { readonly signal: AbortSignal },
): Promise<RunPlan> {
  const { database, clock, defaults } = deps
  const mark = await readChangeMark(database)
  const repository = await findRepositoryById(database, run.repositoryId)
  const images = repository === undefined ? [] : await readImages(database, repository.id, options)
  const document = repository && (await readGuardsOf(database, repository))
  const guards = document?.guards ?? []
  const policy = readStoredPolicy(run.text)
  const archiveMinimumDays = archiveMinimumOf(defaults)
  const now = clock.now().getTime()
  const decisions = evaluateLifecycle(policy, images, { now, guards, archiveMinimumDays })
  const acts = decisions.flatMap(({ image, verdict }) =>
    verdict.kind === 'act'
      ? [{ image, action: verdict.action, rule: verdict.rule, reason: verdict.reason }]
      : [],
  )
  return {
    acts: acts.toReversed(),
    policy,
    counts: planCounts(
      policy,
      decisions.map(({ image }) => image),
    ),
    guardText: document?.text,
    hasGuards: guards.length > 0,
    guardsLastOfPrefix: guards.some(({ lastOfPrefix }) => lastOfPrefix.length > 0),
    guardsRunning: guards.some(({ runningInClusters }) => runningInClusters),
    undoMs: Math.min((document?.undoDays ?? 0) * dayMs, deps.graceMs),
    archiveMinimumDays,
    changed: new Map(),
    mark,
  }
}

interface Batch {
  readonly run: LifecycleRun
  readonly repository: Repository
  readonly plan: RunPlan
  readonly batch: readonly PlannedAct[]
}

/**
 * In its transaction: each decision that still holds is done and recorded. `upset`: what others changed is more than the plan
 * can live with, or some decision no longer holds, and the next plan tells what is due instead.
 */
export async function carryOutBatch(
  tx: SqlWriter,
  { run, repository, plan, batch }: Batch,
  now: Date,
): Promise<{ readonly kind: 'done' | 'upset'; readonly judged: number }> {
  if (!(await followChanges(tx, repository, plan))) return { kind: 'upset', judged: 0 }
  const counts = { expired: 0, archived: 0, passedOver: 0, bytes: 0 }
  let [judged, changes] = [0, 0]
  for (const act of batch) {
    if (changes >= maxChanges) break
    judged += 1
    const image = await findIfHolds(tx, repository, plan, act, now)
    if (image === undefined) {
      counts.passedOver += 1
      continue
    }
    changes += 1 + (await countReferrers(tx, repository, image))
    await carryOut(tx, { run, repository, plan }, { ...act, image }, now)
    counts[act.action === 'expire' ? 'expired' : 'archived'] += 1
    if (act.action === 'expire') counts.bytes += image.sizeBytes
  }
  await addRunCounts(tx, run.id, counts)
  // What this transaction did itself is no change by others.
  plan.mark = await readChangeMark(tx)
  return { kind: counts.passedOver > 0 ? 'upset' : 'done', judged }
}

/** Manifests that one transaction deletes, roughly: pushes wait for it. */
const maxChanges = 50

async function countReferrers(
  tx: SqlReader,
  repository: Repository,
  { digest: text }: ImageFacts,
): Promise<number> {
  const digest = parseDigest(text)
  if (digest === undefined) return 0
  return (await listFreeReferrers(tx, repository.id, digest, maxChanges)).length
}

/** False: the plan is to be made anew. */
async function followChanges(
  tx: SqlReader,
  repository: Repository,
  plan: RunPlan,
): Promise<boolean> {
  if ((await findGuardText(tx, repository.account)) !== plan.guardText) return false
  const digests = await listChangedDigests(tx, repository, plan.mark)
  if (digests === undefined || plan.changed.size + digests.size > maxChanged) return false
  // Which image is the last of a prefix is told by all images.
  if (plan.guardsLastOfPrefix && digests.size > 0) return false
  for (const text of digests) {
    const digest = parseDigest(text)
    if (digest !== undefined)
      plan.changed.set(text, await findImageFacts(tx, repository.id, digest))
  }
  return true
}

/** The image as it is now, if the decision about it is still right. */
async function findIfHolds(
  tx: SqlReader,
  repository: Repository,
  plan: RunPlan,
  act: PlannedAct,
  now: Date,
): Promise<ImageFacts | undefined> {
  const { image: planned, rule } = act
  const digest = parseDigest(planned.digest)
  const image = digest && (await findImageFacts(tx, repository.id, digest))
  if (digest === undefined || image === undefined) return undefined
  if (!isSame(image, planned) || image.isSubjectThere) return undefined
  const key = { account: repository.account, repositoryId: repository.id, digest }
  const isKept = await mayBeKept(tx, plan, { ...key, repository: repository.name }, [
    image,
    planned,
  ])
  if (isKept) return undefined
  // A count is of all images, and holds by what changed; all else is of this image alone.
  const holds = plan.counts.has(rule)
    ? countStillHolds(plan.counts, rule, image, plan.changed)
    : isDueAlone(plan, image, act, now)
  return holds ? image : undefined
}

/** Whether something happened to it since it was planned for which a guard may keep it. */
async function mayBeKept(
  tx: SqlReader,
  { changed, hasGuards, guardsRunning }: RunPlan,
  key: ImageKey,
  [image, planned]: readonly [LifecycleImage, LifecycleImage],
): Promise<boolean> {
  // A pull, or a signature that came, may be what a guard keeps it for.
  const isTouched = changed.has(image.digest) || image.lastPulledAt !== planned.lastPulledAt
  if (hasGuards && isTouched) return true
  // A cluster may have been let run it.
  return guardsRunning && isRunning(tx, key)
}

function isDueAlone(
  { policy, archiveMinimumDays }: RunPlan,
  image: ImageFacts,
  { rule, action }: PlannedAct,
  now: Date,
): boolean {
  const options = { now: now.getTime(), archiveMinimumDays }
  const [decision] = evaluateLifecycle(policy, [image], options)
  const verdict = decision?.verdict
  return verdict?.kind === 'act' && verdict.rule === rule && verdict.action === action
}

function isSame(image: LifecycleImage, planned: LifecycleImage): boolean {
  return (
    image.pushedAt === planned.pushedAt &&
    image.storageClass === planned.storageClass &&
    image.archivedAt === planned.archivedAt &&
    image.heldBy.length === 0 &&
    image.tags.toSorted().join('\n') === planned.tags.toSorted().join('\n')
  )
}

async function carryOut(
  tx: SqlWriter,
  { run, repository, plan }: Omit<Batch, 'batch'>,
  { image, action, rule, reason }: PlannedAct & { readonly image: ImageFacts },
  now: Date,
): Promise<void> {
  const digest = parseDigest(image.digest)
  if (digest === undefined) throw new Error('manifests.digest is not a digest')
  const isUndoable = action === 'expire' && plan.undoMs > 0
  const stored = isUndoable ? await findManifestByDigest(tx, repository.id, digest) : undefined
  const until = new Date(now.getTime() + plan.undoMs)
  await insertRecord(
    tx,
    {
      runId: run.id,
      account: repository.account,
      repository: repository.name,
      digest,
      tags: image.tags,
      action,
      rule,
      reason,
      bytes: image.sizeBytes,
      pushedAt: image.pushedAt,
      mediaType: image.mediaType,
      kept: stored === undefined ? undefined : { manifest: stored.bytes, until },
    },
    now,
  )
  if (action === 'archive') await archiveImage(tx, repository, digest, now)
  else {
    const target = { digest, principal: lifecyclePrincipal, referrers: 'delete' } as const
    await removeManifest(tx, repository, target, now)
  }
}
