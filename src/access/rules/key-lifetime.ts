// Purpose:  for how long is a provider's key set as good as new?
// Spec:     RFC 9111 sections 5.2.2.1 (max-age), 5.2.2.4 (no-cache), 5.2.2.5 (no-store).
// Input:    the header Cache-Control of the answer; hostile.
// Deviates: never shorter than five minutes, so that nobody makes us fetch at each request, and never longer than a day.
// Unknowns: no header, or one that cannot be read → the shortest time.
const shortestMs = 5 * 60_000
const longestMs = 24 * 3_600_000

export function keyLifetimeMs(cacheControl: string | undefined): number {
  if (cacheControl === undefined || cacheControl.length > 1024) return shortestMs
  const directives = cacheControl
    .toLowerCase()
    .split(',')
    .map((text) => text.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return shortestMs
  const seconds = directives.flatMap((text) => {
    const digits = /^max-age="?([0-9]{1,12})"?$/.exec(text)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
  // Of two that disagree the shorter.
  const asked = seconds.length === 0 ? 0 : Math.min(...seconds) * 1000
  return Math.min(Math.max(asked, shortestMs), longestMs)
}
