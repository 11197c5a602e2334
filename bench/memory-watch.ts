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
