/** The only way to ask for the time; tests pass a clock that they move themselves. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }
