import type { CheckDeps, CheckInput, CheckOptions, CheckStep } from './check-step.ts'
import { problem } from './rules/storage-problems.ts'
import {
  listWrongUsage,
  recountAccount,
  recountRepository,
  type WrongUsage,
} from './usage-store.ts'

/** Told in one run; the next tells the rest. */
const maxWrong = 1000

/** Every counter of usage is what a count of rows gives. */
export async function* checkUsage(
  deps: CheckDeps,
  input: CheckInput,
  options: CheckOptions,
): AsyncGenerator<CheckStep> {
  yield { kind: 'working' }
  for (const wrong of await listWrongUsage(deps.database, maxWrong, options)) {
    if (input.repair) {
      await deps.database.transaction((tx) =>
        wrong.scope === 'account'
          ? recountAccount(tx, wrong.id)
          : recountRepository(tx, Number(wrong.id)),
      )
    }
    const subject = `${wrong.scope} ${wrong.name}`
    yield { kind: 'problem', problem: problem('usage-wrong', subject, told(wrong), input.repair) }
  }
}

function told({ kept, counted }: WrongUsage): string {
  return `${kept.bytes} bytes in ${kept.images} images are kept, ${counted.bytes} in ${counted.images} are there`
}
