// Purpose:  for how long is a client waited for that sends or takes its bytes slowly?
// Spec:     none; what HTTP leaves to servers. A rate over a fixed time would end the honest client that pauses once.
// Input:    how many bytes a connection has moved, and whether the next move is the client's.
// Deviates: nothing.
// Unknowns: time in which the server itself has something to do is never counted, nor time in which it did not look.

export interface PatienceLimits {
  /** For a request that has moved nothing yet. */
  readonly initialMs: number
  /** However much was moved before. */
  readonly maxMs: number
  /** Between two looks; a longer time was the server's, which was too busy to look. */
  readonly longestLookMs: number
  /** A client that keeps this rate is waited for without end. */
  readonly bytesPerSecond: number
}

export interface Patience {
  readonly leftMs: number
  /** When it was last looked at, in milliseconds. */
  readonly at: number
  /** Bytes moved in both directions until then. */
  readonly moved: number
}

/** A request begins: a client that was quick before is not waited for less than a new one. */
export function patienceForRequest(
  limits: PatienceLimits,
  before: Patience | undefined,
  now: { readonly at: number; readonly moved: number },
): Patience {
  return { ...now, leftMs: Math.max(before?.leftMs ?? 0, limits.initialMs) }
}

/** Waiting spends it, bytes earn it; at zero the client is given up. */
export function patienceAfter(
  limits: PatienceLimits,
  before: Patience,
  now: { readonly at: number; readonly moved: number; readonly isClientsTurn: boolean },
): Patience {
  const { at, moved } = now
  const earned = ((moved - before.moved) / limits.bytesPerSecond) * 1000
  const passed = Math.min(Math.max(0, at - before.at), limits.longestLookMs)
  const spent = now.isClientsTurn ? passed : 0
  return { at, moved, leftMs: Math.min(limits.maxMs, before.leftMs + earned - spent) }
}
