// Work at a fixed pace: time from the moment at which a piece was due, so that a queue counts.
import { setTimeout as delay } from 'node:timers/promises'

export const perSecond = 100

/** Milliseconds of each. `work` is given numbers that are far from one another. */
export async function atPace(
  seconds: number,
  work: (number: number) => Promise<void>,
): Promise<readonly number[]> {
  const times: number[] = []
  const running: Promise<void>[] = []
  const faults: unknown[] = []
  const begun = performance.now()
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = begun + (index * 1000) / perSecond
    await delay(Math.max(0, due - performance.now()))
    if (faults.length > 0) break
    const piece = work(index * 7919).then(() => void times.push(performance.now() - due))
    running.push(piece.catch((error: unknown) => void faults.push(error)))
  }
  await Promise.all(running)
  if (faults.length > 0) throw faults[0]
  return times
}

export function spreadOf(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`
}
