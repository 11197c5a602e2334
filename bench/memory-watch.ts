import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** The largest resident memory of a process from now until it is asked for, in bytes. */
export function watchMemory(pid: number): { stop(): Promise<number> } {
  const stopping = new AbortController()
  const watching = (async () => {
    let peak = 0
    while (!stopping.signal.aborted) {
      peak = Math.max(peak, await residentBytes(pid))
      await delay(50)
    }
    return peak
  })()
  return {
    async stop() {
      stopping.abort()
      return watching
    },
  }
}

/** As the kernel counts it; Linux only. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** Processor time that a process has had since it began, its threads included, in seconds; Linux only. */
export async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which may hold anything, come the state and the fields from the fourth on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / clockTicks
}

/** Of Linux on all processors that Node runs on. */
const clockTicks = 100
