// Purpose:  does a path match a pattern?
// Spec:     our own, as in .gitignore: `*` and `?` stay within one segment, `**` as a whole segment spans any number of them.
// Input:    a pattern from a rule, a path from an image (hostile); neither has a leading slash that counts.
// Deviates: nothing else has a meaning: no classes, no escapes.
// Unknowns: none. The cost is bounded by the product of both lengths.

/** Compares without leading slashes. */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = segmentsOf(pattern)
  const given = segmentsOf(path)
  return matchesRun(wanted, given, {
    isRun: (segment) => segment === '**',
    agrees: (segment, text) => matchesSegment(segment, text),
  })
}

function segmentsOf(text: string): readonly string[] {
  return text.replace(/^\/+/, '').split('/')
}

/** The same for a text that has no segments: `*` stands for any run of characters. */
export function matchesSegment(pattern: string, text: string): boolean {
  return matchesRun(Array.from(pattern), Array.from(text), {
    isRun: (character) => character === '*',
    agrees: (character, other) => character === '?' || character === other,
  })
}

/** Only the last run needs to be tried again: what an earlier one could take, the last one can take too. */
function matchesRun(
  pattern: readonly string[],
  given: readonly string[],
  {
    isRun,
    agrees,
  }: {
    readonly isRun: (piece: string) => boolean
    readonly agrees: (piece: string, other: string) => boolean
  },
): boolean {
  let at = 0
  let piece = 0
  let run = -1
  let resume = 0
  while (at < given.length) {
    const wanted = pattern[piece]
    if (wanted !== undefined && isRun(wanted)) {
      run = piece
      resume = at
      piece += 1
    } else if (wanted !== undefined && agrees(wanted, given[at] ?? '')) {
      piece += 1
      at += 1
    } else if (run < 0) return false
    else {
      resume += 1
      at = resume
      piece = run + 1
    }
  }
  return pattern.slice(piece).every(isRun)
}
