import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import {
  findRepositoryById,
  getRepository,
  type RepositoryAddress,
} from '../registry/repository-store.ts'
import type { Database } from '../storage/database/database.ts'
import { lifecycleError } from './errors.ts'
import {
  endPreview,
  findPreview,
  forgetPreviewImages,
  insertPreview,
  insertPreviewImages,
  type PreviewedImage,
  type StoredPreview,
} from './preview-store.ts'
import { requirePolicy } from './put-policy.ts'
import { readGuardsOf, readPolicy, readStoredPolicy } from './read-policy.ts'
import { readImages } from './read-images.ts'
import { evaluateLifecycle } from './rules/evaluate-lifecycle.ts'
import { awsArchiveDays, type LifecycleLimits } from './rules/parse-lifecycle.ts'
import { previewJobOf, repositoryOfJob } from './run-job.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly defaults: LifecycleLimits
}

/** A preview can be asked for so long; AWS calls it expired then. */
export const previewKeptMs = 24 * 3_600_000
/** Rows of one transaction. */
const writesAtOnce = 200

/** Days that archived images stay whatever rules say. */
export function archiveMinimumOf(defaults: LifecycleLimits): number {
  return defaults === 'aws' ? awsArchiveDays : 0
}

/** Asks for a preview of a text, else of the policy in force. One at a time: LIFECYCLE_PREVIEW_RUNNING. */
export async function startPreview(
  { database, clock, defaults }: Deps,
  input: { readonly repository: RepositoryAddress; readonly text: string | undefined },
): Promise<{ readonly text: string }> {
  if (input.text !== undefined) readPolicy(input.text, defaults)
  return database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    const text = input.text ?? (await requirePolicy(tx, repository)).text
    const before = await findPreview(tx, repository.id)
    if (before?.state === 'running') {
      const { name, account } = repository
      const message = `a preview of repository ${name} is on its way since ${before.startedAt.toISOString()}`
      throw lifecycleError('LIFECYCLE_PREVIEW_RUNNING', message, { repository: name, account })
    }
    const now = clock.now()
    await insertPreview(tx, { repositoryId: repository.id, text }, now)
    await enqueue(tx, previewJobOf(repository.id), now)
    return { text }
  })
}

/** A preview that failed so often is told as failed. */
const maxAttempts = 3

/** The job: evaluates and writes what would be acted on, youngest first. Run again after a kill it writes the same anew. */
export async function computePreview(
  deps: Deps,
  input: unknown,
  options: { readonly signal: AbortSignal; readonly attempt: number },
): Promise<void> {
  const { database, clock } = deps
  const repositoryId = repositoryOfJob(input)
  const preview = await findPreview(database, repositoryId)
  if (preview?.state !== 'running') return
  try {
    await fillPreview(deps, { ...preview, repositoryId }, options)
  } catch (error) {
    if (options.attempt >= maxAttempts && !options.signal.aborted) {
      const { startedAt } = preview
      const none = { repositoryId, startedAt, state: 'failed', expiring: 0, archiving: 0 } as const
      await database.transaction((tx) => endPreview(tx, none, clock.now()))
    }
    throw error
  }
}

async function fillPreview(
  deps: Deps,
  preview: StoredPreview & { readonly repositoryId: number },
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock } = deps
  const { repositoryId } = preview
  const images = await previewedImages(deps, repositoryId, preview.text, options)
  await database.transaction((tx) => forgetPreviewImages(tx, repositoryId))
  for (let from = 0; from < images.length; from += writesAtOnce) {
    options.signal.throwIfAborted()
    const some = images.slice(from, from + writesAtOnce)
    await database.transaction((tx) => insertPreviewImages(tx, repositoryId, some))
    await yieldToEventLoop()
  }
  const expiring = images.filter(({ action }) => action === 'expire').length
  const archiving = images.length - expiring
  const { startedAt } = preview
  const ended = { repositoryId, startedAt, state: 'complete', expiring, archiving } as const
  await database.transaction((tx) => endPreview(tx, ended, clock.now()))
}

async function previewedImages(
  { database, clock, defaults }: Deps,
  repositoryId: number,
  text: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly PreviewedImage[]> {
  const repository = await findRepositoryById(database, repositoryId)
  if (repository === undefined) return []
  const { guards } = await readGuardsOf(database, repository)
  const decisions = evaluateLifecycle(
    readStoredPolicy(text),
    await readImages(database, repositoryId, options),
    {
      now: clock.now().getTime(),
      guards,
      archiveMinimumDays: archiveMinimumOf(defaults),
    },
  )
  const acts = decisions.flatMap(({ image, verdict }) =>
    verdict.kind === 'act' ? [{ image, verdict }] : [],
  )
  return acts.map(({ image, verdict }, position) => ({
    position,
    digest: image.digest,
    tags: image.tags,
    pushedAt: new Date(image.pushedAt),
    storageClass: image.storageClass,
    action: verdict.action,
    rule: verdict.rule,
  }))
}
