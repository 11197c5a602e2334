import { setImmediate } from 'node:timers/promises'

/** Lets waiting requests have their turn between two pieces of long work. */
export async function yieldToEventLoop(): Promise<void> {
  await setImmediate()
}
