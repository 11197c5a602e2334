// The process dies, or the disk fails, inside the database engine: at the n-th system call on its own files, by strace.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Gone, Refused } from './client.ts'
import type { Lab } from './lab.ts'
import { scenarios, type Scenario } from './scenarios.ts'
import { StartRefused } from './server-under-test.ts'
import type { Tally } from './tally.ts'

export interface EngineFault {
  readonly file: 'pratique.db-wal' | 'pratique.db'
  readonly call: 'pwrite64' | 'fsync'
  readonly happens: 'SIGKILL' | 'EIO' | 'ENOSPC'
  /** The n-th such call of the process. */
  readonly at: number
}

/** Why it cannot be done here, or false. */
export function withoutStrace(): string | false {
  const { error, status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'])
  if (error !== undefined) return 'not installed: strace'
  return status === 0 ? false : 'strace may not trace here'
}

const around = (
  numbers: readonly number[],
  fault: Omit<EngineFault, 'at'>,
): readonly EngineFault[] => numbers.map((at) => ({ ...fault, at }))

const everyThird = Array.from({ length: 24 }, (_, index) => 1 + 3 * index)
const fewFirst = [1, 2, 3, 4, 5, 6, 8, 10, 13]

/** Inside commits (the log) and inside the checkpoint (the database itself). */
export const engineFaults: readonly EngineFault[] = [
  ...around(everyThird, { file: 'pratique.db-wal', call: 'pwrite64', happens: 'SIGKILL' }),
  ...around(fewFirst, { file: 'pratique.db-wal', call: 'fsync', happens: 'SIGKILL' }),
  ...around(fewFirst, { file: 'pratique.db', call: 'pwrite64', happens: 'SIGKILL' }),
  ...around([1], { file: 'pratique.db', call: 'fsync', happens: 'SIGKILL' }),
  ...around([9, 20, 31], { file: 'pratique.db-wal', call: 'pwrite64', happens: 'ENOSPC' }),
  ...around([10, 21], { file: 'pratique.db-wal', call: 'pwrite64', happens: 'EIO' }),
  ...around([2, 3, 4], { file: 'pratique.db-wal', call: 'fsync', happens: 'EIO' }),
  ...around([2, 4], { file: 'pratique.db', call: 'pwrite64', happens: 'EIO' }),
]

const worked = [
  'manifest by tag',
  'tag move',
  'manifest deleted with its tags',
  'database checkpoint',
]

/** Works until the fault comes, if it comes, and goes on after it; then the next server is judged. */
export async function faultInEngine(lab: Lab, fault: EngineFault, tally: Tally): Promise<void> {
  const { file, call, happens, at } = fault
  tally.at(`${happens} at ${call} ${at} of ${file}`)
  await lab.server.kill()
  lab.faultAt = Date.now()
  const injected = happens === 'SIGKILL' ? 'signal=SIGKILL' : `error=${happens}`
  const traced = ['-P', join(lab.directory, file), '-e', `trace=${call}`]
  const fails = ['-e', `inject=${call}:${injected}:when=${at}`]
  const under = ['strace', '-f', '-qq', '-o', '/dev/null', ...traced, ...fails]
  const scenes = []
  let gone = false
  try {
    await lab.restart({ under })
    for (const scenario of scenarios.filter(({ name }) => worked.includes(name))) {
      const scene = lab.scene()
      scenes.push(scene)
      await work(lab, scenario, scene, tally)
    }
  } catch (error) {
    if (!(error instanceof Gone) && !(error instanceof StartRefused)) throw error
    gone = true
    if (error instanceof StartRefused && happens !== 'SIGKILL') {
      tally.faults += 1
      tally.judged(1, error.isStartError ? [] : [`a start on a failing disk says ${error.message}`])
    }
  }
  if (happens === 'SIGKILL' && gone) tally.kills += 1
  await lab.server.kill()
  const dead = await lab.restart()
  await lab.verify(tally, dead, false)
  await lab.settle(tally)
  for (const scene of scenes) await lab.clear(scene)
}

/** A request that met the fault is answered as one, and what it was to do is done by the next. */
async function work(
  lab: Lab,
  scenario: Scenario,
  scene: ReturnType<Lab['scene']>,
  tally: Tally,
): Promise<void> {
  for (let isRetry = false; ; isRetry = true) {
    try {
      await scenario.prepare(lab.client, scene)
      await scenario.run(lab.client, scene, isRetry)
      return
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      tally.faults += 1
      const { status } = error.answer
      tally.judged(1, status >= 500 ? [] : [`answered ${status}`])
      await lab.verify(tally, undefined, false)
      lab.client.pending = undefined
      if (isRetry) throw new Error('a single fault met two requests', { cause: error })
    }
  }
}
