import { setTimeout as delay } from 'node:timers/promises'

/** Waits, and fails when it is aborted; a test's own rest only says how long it would have been. */
export type Rest = (ms: number, options: { readonly signal: AbortSignal }) => Promise<void>

export const systemRest: Rest = async (ms, { signal }) => {
  await delay(ms, undefined, { signal })
}
