import { setTimeout as delay } from 'node:timers/promises'
import { yieldToEventLoop } from './yield-to-event-loop.ts'

const longestRestMs = 1000

/**
 * Does a piece of work, then leaves the event loop to others for `times` as long as it took, a second at most; the answer comes
 * after that. Work in many pieces so takes no more than its share, however fast the machine is.
 */
export async function withRest<T>(
  work: () => Promise<T>,
  times: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<T> {
  const began = performance.now()
  const result = await work()
  const restMs = Math.min((performance.now() - began) * times, longestRestMs)
  // A timer may be due before whoever waits has had a turn.
  await yieldToEventLoop()
  if (restMs > 0) await delay(restMs, undefined, { signal })
  return result
}
