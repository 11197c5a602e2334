// The very first start dies: the next one must end with a server that its owner can enter.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from './client.ts'
import { placesOf, type Place } from './kill-at-steps.ts'
import { ServerUnderTest, StartRefused } from './server-under-test.ts'
import { checkStore } from './store-invariants.ts'
import type { Tally } from './tally.ts'

/** Around every commit of a first start; what is between two of them cannot be seen from outside. */
export async function recordFirstStart(): Promise<readonly Place[]> {
  return inDirectory(async (directory) => {
    const server = await ServerUnderTest.start({
      directory,
      aheadMs: 0,
      firstOrder: { kind: 'record' },
    })
    const { steps } = await server.recorded()
    await server.stop()
    return placesOf(steps.filter((step) => step.startsWith('start / commit')))
  })
}

export async function killFirstStart(place: Place, tally: Tally): Promise<void> {
  tally.at(`killed at ${place.step} (${place.occurrence})`)
  await inDirectory(async (directory) => {
    const start = { directory, aheadMs: 0 }
    try {
      const server = await ServerUnderTest.start({
        ...start,
        firstOrder: { kind: 'kill', ...place },
      })
      // The kill may come between the answer and the order to say it.
      await server.kill()
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error
    }
    tally.kills += 1
    const server = await ServerUnderTest.start(start)
    const { status } = await new Client(server, new Map(), 0).ask({ method: 'GET', path: '/v2/' })
    tally.judged(1, status === 200 ? [] : [`the credentials are answered ${status}`])
    const { checked, violations } = checkStore({ directory, damaged: new Set(), faultAt: 0 }, false)
    tally.judged(checked, violations)
    await server.kill()
  })
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-crash-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
