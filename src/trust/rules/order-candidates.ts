// Purpose:  in which order candidates are tried, when there are more than may be tried.
// Spec:     signing reference 9, T3: junk must not hide a good signature, whoever pushes it.
// Input:    candidates with who pushed them and when; hostile in number and in hints.
// Deviates: nothing.
// Unknowns: none.

export interface OrderedCandidate {
  /** Manifest, layer and tag in one text, unique. */
  readonly key: string
  readonly hints: readonly string[]
  readonly pushedBy: string
  /** Milliseconds. */
  readonly seenAt: number
}

/**
 * First what was verified before, so that nothing new displaces it. Then one of each pusher in turn, so that nobody's
 * many displace another's few; of one pusher those that name a trusted certificate first, then the oldest.
 */
export function orderCandidates<C extends OrderedCandidate>(
  candidates: readonly C[],
  given: { readonly verifiedBefore: ReadonlySet<string>; readonly trusted: ReadonlySet<string> },
): readonly C[] {
  const known = candidates.filter(({ key }) => given.verifiedBefore.has(key))
  const others = candidates.filter(({ key }) => !given.verifiedBefore.has(key))
  const isHinted = ({ hints }: C): boolean => hints.some((hint) => given.trusted.has(hint))
  const byAge = (a: C, b: C): number => a.seenAt - b.seenAt || (a.key < b.key ? -1 : 1)
  const byPromise = (a: C, b: C): number => Number(isHinted(b)) - Number(isHinted(a)) || byAge(a, b)
  const turns = [...Map.groupBy(others, ({ pushedBy }) => pushedBy).values()].flatMap((own) =>
    own.toSorted(byPromise).map((candidate, turn) => ({ candidate, turn })),
  )
  const inTurn = turns.toSorted((a, b) => a.turn - b.turn || byPromise(a.candidate, b.candidate))
  return [...known.toSorted(byAge), ...inTurn.map(({ candidate }) => candidate)]
}
