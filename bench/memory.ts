import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { compare, type Figures, type Print } from './compare.ts'
import { digestOf, isInstalled, pushBytes, pushSample, wrk } from './load.ts'
import { residentBytes, watchMemory } from './memory-watch.ts'
import type { RegistryUnderLoad } from './servers.ts'

const mebibyte = 1024 * 1024
const repository = 'bench/memory'
const atOnce = 256

/** Resident memory at rest, while 256 clients pull a layer of 32 MiB, and while 256 push one of 4 MiB each. */
export async function benchMemory(print: Print): Promise<void> {
  if (!isInstalled('wrk')) {
    print('memory needs wrk (Debian package wrk)')
    return
  }
  await compare(
    print,
    3,
    async (target) => {
      const { layer } = await pushSample(target, repository, 32 * mebibyte)
      return `/v2/${repository}/blobs/${layer.digest}`
    },
    measure,
  )
}

async function measure(target: RegistryUnderLoad, path: string): Promise<Figures> {
  await target.restartCold()
  const idle = await residentBytes(target.pid)
  const pulling = await peakDuring(target, async () => {
    await wrk(target, path, { connections: atOnce, seconds: 6 })
  })
  const pushing = await peakDuring(target, async () => {
    await pushAll(target)
  })
  return {
    'resident, idle, MiB (less is better)': idle / mebibyte,
    'resident, 256 pulls, MiB (less is better)': pulling / mebibyte,
    'resident, 256 pushes, MiB (less is better)': pushing / mebibyte,
  }
}

async function peakDuring(target: RegistryUnderLoad, work: () => Promise<void>): Promise<number> {
  const watch = watchMemory(target.pid)
  await work().catch(async (error: unknown) => {
    await watch.stop()
    throw error
  })
  return watch.stop()
}

async function pushAll(target: RegistryUnderLoad): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const base = randomBytes(4 * mebibyte)
  const pushes = Array.from({ length: atOnce }, async () => {
    const bytes = Buffer.concat([randomBytes(16), base.subarray(16)])
    await pushBytes(target, repository, bytes, { agent, digest: digestOf(bytes) })
  })
  await Promise.all(pushes)
  agent.destroy()
}
