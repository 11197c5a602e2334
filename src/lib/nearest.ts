/** The known word closest to a mistyped one, or undefined when none is near (more than a third differs). */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const farthest = Math.max(2, word.length / 3)
  const ranked = known
    // As many letters as one has more must be put in or left out: a word as long as a document is near to none.
    .filter(({ length }) => Math.abs(length - word.length) <= farthest)
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= farthest ? best.candidate : undefined
}

/** Insertions, deletions and replacements that lead from one to the other. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, character] of Array.from(a).entries()) {
    const current = [row + 1]
    for (const [column, other] of Array.from(b).entries()) {
      const replaced = (previous[column] ?? 0) + (character === other ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}
