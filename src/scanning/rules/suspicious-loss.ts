/** A source that shrinks this much at once is more often a broken file than good news. */
export function isSuspiciousLoss({
  absent,
  before,
}: {
  readonly absent: number
  readonly before: number
}): boolean {
  return absent > 10 && absent > before * 0.05
}
