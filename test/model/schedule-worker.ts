import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { runSchedule } from './run-schedule.ts'
import { World } from './world.ts'

/** The seeds that a worker takes: from `first` in steps of `stride`. */
export interface Share {
  readonly first: number
  readonly stride: number
  readonly end: number
}

export type Report =
  | { readonly kind: 'counts'; readonly counts: ReadonlyMap<string, number> }
  | { readonly kind: 'failure'; readonly seed: number; readonly text: string }

/** The driver of files is slower, so it has a share only. */
function driverOf(seed: number): 'memory' | 'filesystem' {
  return seed % 25 === 0 ? 'filesystem' : 'memory'
}

async function runShare({ first, stride, end }: Share): Promise<Report> {
  const world = await World.open()
  const counts = new Map<string, number>()
  // Refusals are part of every schedule; where they come from is asked of those that fail only.
  Error.stackTraceLimit = 0
  for (let seed = first; seed < end; seed += stride) {
    const driver = driverOf(seed)
    counts.set(`schedules on ${driver}`, (counts.get(`schedules on ${driver}`) ?? 0) + 1)
    try {
      await runSchedule(world, { seed, driver, counts })
    } catch {
      await world.abandon()
      return { kind: 'failure', seed, text: await traceOf(seed) }
    }
  }
  await world.close()
  return { kind: 'counts', counts }
}

/** The same again, telling what happens. */
async function traceOf(seed: number): Promise<string> {
  Error.stackTraceLimit = 20
  const lines: string[] = []
  const world = await World.open()
  const trace = (line: string): number => lines.push(line)
  try {
    await runSchedule(world, { seed, driver: driverOf(seed), counts: new Map(), trace })
    lines.push('the second run did not fail: something depends on more than the seed')
  } catch (error) {
    lines.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await world.abandon()
  return lines.slice(-250).join('\n')
}

const port = parentPort
assert.ok(port !== null)
port.postMessage(await runShare(workerData as Share))
