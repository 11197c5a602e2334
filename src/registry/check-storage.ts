import { Pace } from '../lib/pace.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { checkBlobs } from './check-blobs.ts'
import { checkDatabase } from './check-database.ts'
import { checkManifests } from './check-manifests.ts'
import { checkLinks, checkQueue, checkTags } from './check-rows.ts'
import { checkStoredBytes } from './check-stored-bytes.ts'
import { checkUploads } from './check-uploads.ts'
import { checkUsage } from './check-usage.ts'
import type { CheckDeps, CheckInput, CheckOptions, CheckStep } from './check-step.ts'
import { countRows } from './check-store.ts'
import {
  addCheckCounts,
  noCheckCounts,
  type CheckCounts,
  type StorageProblem,
} from './rules/storage-problems.ts'

export type CheckEvent =
  | {
      readonly kind: 'progress'
      readonly part: string
      readonly counts: CheckCounts
      /** Blobs and manifests there were at the beginning. */
      readonly total: { readonly blobs: number; readonly manifests: number }
    }
  | { readonly kind: 'problem'; readonly problem: StorageProblem }
  | CheckSummary

export interface CheckSummary {
  readonly kind: 'summary'
  /** False when the database itself is damaged, so that nothing else was looked at. */
  readonly isComplete: boolean
  readonly counts: CheckCounts
  readonly problems: number
  /** Those that a repair of this run did not mend. */
  readonly left: number
}

/**
 * Holds the database against the stored bytes, both ways, and its rows against one another. Runs beside pushes, pulls and
 * collections: what looks wrong is looked at again, with its row, before it is told. Repairs never remove a manifest or a tag.
 */
export async function* checkingStorage(
  deps: CheckDeps,
  input: CheckInput,
  options: CheckOptions,
): AsyncGenerator<CheckEvent> {
  const total = await countRows(deps.database)
  let counts = noCheckCounts
  let [problems, left] = [0, 0]
  let isComplete = true
  for (const [part, steps] of partsOf(deps, input, options)) {
    yield { kind: 'progress', part, counts, total }
    for await (const step of steps) {
      options.signal.throwIfAborted()
      if (step.kind === 'counted') counts = addCheckCounts(counts, step.counts)
      if (step.kind !== 'problem') {
        yield { kind: 'progress', part, counts, total }
        await yieldToEventLoop()
        continue
      }
      problems += 1
      if (step.problem.repair !== 'done') left += 1
      if (step.problem.kind === 'database-damaged') isComplete = false
      yield step
    }
    // What is read from damaged pages says nothing, and must not be acted upon.
    if (!isComplete) break
  }
  yield { kind: 'summary', isComplete, counts, problems, left }
}

/** What is dangerous comes first; usage is counted when all else has been mended. */
function partsOf(
  deps: CheckDeps,
  input: CheckInput,
  options: CheckOptions,
): readonly (readonly [string, AsyncIterable<CheckStep>])[] {
  const pace = new Pace(deps.clock, input.maxBytesPerSecond)
  return [
    ['database', checkDatabase(deps, input, options)],
    ['deletions', checkQueue(deps, input)],
    ['links', checkLinks(deps, input)],
    ['blobs', checkBlobs({ ...deps, pace }, input, options)],
    ['stored bytes', checkStoredBytes(deps, input, options)],
    ['manifests', checkManifests(deps, input)],
    ['tags', checkTags(deps)],
    ['uploads', checkUploads(deps, input)],
    ['usage', checkUsage(deps, input, options)],
  ]
}
