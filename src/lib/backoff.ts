export interface BackoffLimits {
  readonly firstMs: number
  readonly longestMs: number
}

/**
 * How long to wait after the failure of that number, from 1: twice as long after each, and up to a half more by `chance`
 * (from 0 to 1), so that many who wait for the same thing do not come at the same time.
 */
export function backoffMs(chance: number, failures: number, limits: BackoffLimits): number {
  const doubled = limits.firstMs * 2 ** Math.min(failures - 1, 40)
  return Math.round(Math.min(doubled, limits.longestMs) * (1 + chance / 2))
}
