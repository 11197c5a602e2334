// Purpose:  what a log line tells of the address of a request.
// Spec:     Pratique's own: nothing that opens something is in a log.
// Input:    the target of a request; hostile.
// Deviates: nothing.
// Unknowns: a first segment that cannot be decoded may be any: what follows it is left out.

/** Long enough for every address that has a meaning here. */
const longest = 1024

/** The path without its query, which may hold a signature, and without the token of a download's address or of a cluster. */
export function loggedPath(target: string): string {
  const path = target.replace(/[?#].*$/s, '').slice(0, longest)
  const first = path.replace(/^((?:\w+:\/\/[^/]*)?\/*[^/]*).*$/s, '$1')
  return path.length > first.length && mayHoldToken(first) ? `${first}/…` : path
}

function mayHoldToken(first: string): boolean {
  try {
    return /\/(?:downloads|admission)$/.test(decodeURIComponent(first).toLowerCase())
  } catch {
    return true
  }
}
