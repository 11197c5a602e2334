// Purpose:  say how a flaw is mended, or why it is not.
// Spec:     none; the states are those that distributions publish, and the end of a release's own support.
// Input:    the fix that a record names, what it says beside, and the release of the system where the package is one of it.
// Deviates: nothing.
// Unknowns: no word about a fix is 'none known', which promises nothing.
import { endOfLife } from '../../ecosystems/end-of-life.ts'
import type { FixStatement } from '../../ecosystems/fix-state.ts'

export interface FixAdvice {
  readonly state:
    | 'fixed'
    /** A fixed version is there, for subscribers only. */
    | 'needsSubscription'
    | Exclude<FixStatement['state'], 'needsSubscription'>
    /** None is known, and the release gets none any more. */
    | 'endOfLife'
    | 'noneKnown'
  readonly version?: string
  /** For a person, in the source's own words where it has some. */
  readonly words: string
}

export function adviseFix(
  known: {
    readonly fixedVersion: string | undefined
    readonly statement: FixStatement | undefined
  },
  release: { readonly id: string; readonly versionId: string | undefined } | undefined,
  now: Date | undefined,
): FixAdvice {
  const { fixedVersion: version, statement } = known
  if (version !== undefined) {
    return statement?.state === 'needsSubscription'
      ? { state: 'needsSubscription', version, words: `${version}, with ${statement.words}` }
      : { state: 'fixed', version, words: `update to ${version}` }
  }
  const ended = release === undefined || now === undefined ? undefined : endOfSupport(release, now)
  if (ended !== undefined) return { state: 'endOfLife', words: ended }
  if (statement !== undefined && statement.state !== 'needsSubscription')
    return { state: statement.state, words: statement.words }
  return { state: 'noneKnown', words: 'none known' }
}

/** In a sentence; undefined where the release is supported, or nobody knows. */
export function endOfSupport(
  {
    id,
    versionId,
    prettyName,
  }: {
    readonly id: string
    readonly versionId?: string | undefined
    readonly prettyName?: string | undefined
  },
  now: Date,
): string | undefined {
  const distribution = { id, idLike: [], ...(versionId === undefined ? {} : { versionId }) }
  const end = endOfLife(distribution, now)
  if (end.kind !== 'ended') return undefined
  const name = prettyName ?? `${id} ${versionId ?? ''}`.trim()
  const extension =
    end.extension === undefined
      ? ''
      : `; ${end.extension.name} goes on until ${end.extension.until} for its subscribers`
  return `the support of ${name} ended on ${end.since}: take a newer release${extension}`
}
