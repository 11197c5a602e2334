/** What the age of vulnerability data is told from. */
export interface DatedSource {
  readonly name: string
  readonly origin: 'starter' | 'import' | 'feed' | 'bundle'
  readonly importedAt: Date | undefined
  /** Of a source that a bundle brought: when it was new where the bundle was made. */
  readonly asOf?: Date | undefined
  /** The newest record of the source. */
  readonly newestModified?: Date | undefined
}

export type DataAge =
  | { readonly stale: false; readonly updatedAt: Date; readonly ageSeconds: number }
  | {
      readonly stale: true
      readonly updatedAt: Date | undefined
      readonly ageSeconds: number | undefined
      readonly reason: string
    }

/** Data are fresh for two days: daily feeds may miss one day. */
export const defaultStaleAfterMs = 48 * 3_600_000

/** Age of the data as a whole: since the last import of anything but the starter set. */
export function judgeDataAge(
  sources: readonly DatedSource[],
  { now, staleAfterMs }: { readonly now: Date; readonly staleAfterMs: number },
): DataAge {
  const latest = latestImport(sources)
  if (latest === undefined) {
    const reason = 'there is no vulnerability data'
    return { stale: true, updatedAt: undefined, ageSeconds: undefined, reason }
  }
  const real = latestImport(sources.filter(({ origin }) => origin !== 'starter'))
  if (real === undefined) {
    const reason = 'there is only the starter set, which ships with the product'
    // Installing the set makes it no younger: it is as old as its newest record.
    const made = newestRecord(sources) ?? latest
    return { stale: true, updatedAt: made, ageSeconds: ageOf(made, now), reason }
  }
  const age = { updatedAt: real, ageSeconds: ageOf(real, now) }
  if (now.getTime() - real.getTime() <= staleAfterMs) return { stale: false, ...age }
  const reason = `nothing was imported for ${Math.floor(age.ageSeconds / 3600)} hours`
  return { stale: true, ...age, reason }
}

export function ageOf(date: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - date.getTime()) / 1000))
}

function newestRecord(sources: readonly DatedSource[]): Date | undefined {
  const dates = sources.flatMap(({ newestModified }) => newestModified ?? [])
  return dates.toSorted((a, b) => b.getTime() - a.getTime())[0]
}

function latestImport(sources: readonly DatedSource[]): Date | undefined {
  return sources
    .flatMap(({ importedAt, asOf }) => asOf ?? importedAt ?? [])
    .toSorted((a, b) => b.getTime() - a.getTime())[0]
}
