// What the lifecycle room does for Pratique's own API, bound to what it stands on.
import type { Config } from './config.ts'
import type { LifecycleRooms } from './edges/control/lifecycle-routes.ts'
import type { Foundation } from './foundation.ts'
import { findGuardText } from './lifecycle/guard-store.ts'
import { explainLifecycle, previewRepository } from './lifecycle/preview-repository.ts'
import { deleteGuards, putGuards } from './lifecycle/put-guards.ts'
import { requirePolicy } from './lifecycle/put-policy.ts'
import { runningPolicy } from './lifecycle/run-policy.ts'
import { showHistory } from './lifecycle/show-history.ts'
import { undoDeletion } from './lifecycle/undo-deletion.ts'
import { lifecycleRunDeps } from './lifecycle-jobs.ts'
import { getRepository } from './registry/repository-store.ts'

/** A run that others upset again and again is gone on with by the job. */
const maxCalls = 20

export function lifecycleRooms(
  config: Config,
  foundation: Foundation,
  wake: () => void,
): LifecycleRooms {
  const { database, clock } = foundation
  const reading = { reader: database, clock, defaults: config.defaults }
  return {
    previewLifecycle: (input, options) => previewRepository(reading, input, options),
    explainLifecycle: (input, options) => explainLifecycle(reading, input, options),
    async *runLifecycle(address, options) {
      const repository = await getRepository(database, address)
      await requirePolicy(database, repository)
      const input = { repositoryId: repository.id, cause: 'request' } as const
      const deps = lifecycleRunDeps(config, foundation)
      let isOpen = true
      for (let calls = 0; isOpen && calls < maxCalls; calls += 1) {
        isOpen = false
        for await (const run of runningPolicy(deps, input, options)) {
          isOpen = run.isOpen
          yield run
        }
      }
      wake()
    },
    showLifecycleHistory: (input) => showHistory(database, input),
    async undoLifecycle(input) {
      const undone = await undoDeletion(foundation, input)
      wake()
      return undone
    },
    getLifecycleGuards: (account) => findGuardText(database, account),
    putLifecycleGuards: (input) => putGuards(foundation, input),
    deleteLifecycleGuards: (account) => deleteGuards(foundation, account),
  }
}
