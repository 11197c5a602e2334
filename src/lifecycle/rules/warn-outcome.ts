// Purpose:  what of a policy's outcome in a repository somebody should look at before it happens.
// Spec:     Pratique's own; docs/lifecycle.md, "Warnings".
// Input:    decisions for all images of a repository.
// Deviates: nothing.
// Unknowns: none.
import type { Decision } from './evaluate-lifecycle.ts'
import type { LifecycleWarning } from './lint-lifecycle.ts'
import type { LifecyclePolicy } from './lifecycle-policy.ts'
import { selectionTest } from './tag-selection.ts'

/** Prefixes that are named one by one. */
const maxNamed = 10

export function warnOfOutcome(
  policy: LifecyclePolicy,
  decisions: readonly Decision[],
): readonly LifecycleWarning[] {
  return [
    ...deletesEverything(decisions),
    ...lastOfPrefixes(decisions),
    ...matchesNothing(policy, decisions),
  ]
}

/** Signatures and children stand and fall with others: what is judged by itself is what counts. */
function deletesEverything(decisions: readonly Decision[]): readonly LifecycleWarning[] {
  const judged = decisions.filter(({ verdict }) => !isFollower(verdict))
  if (judged.length === 0 || !judged.every((decision) => goes(decision))) return []
  const message = `every image goes: ${judged.length} of ${judged.length}`
  return [{ code: 'DELETES_EVERYTHING', message }]
}

function isFollower(verdict: Decision['verdict']): boolean {
  return (
    verdict.kind === 'keep' &&
    verdict.rule === undefined &&
    (verdict.reason.kind === 'held-by-index' || verdict.reason.kind === 'follows-subject')
  )
}

function goes({ verdict }: Decision): boolean {
  return verdict.kind === 'act' && verdict.action === 'expire'
}

interface PrefixState {
  stays: boolean
  rule: number | undefined
  tag: string
}

function lastOfPrefixes(decisions: readonly Decision[]): readonly LifecycleWarning[] {
  const prefixes = new Map<string, PrefixState>()
  for (const decision of decisions) {
    const { image, verdict } = decision
    for (const tag of image.tags) {
      const prefix = prefixOf(tag)
      const state = prefixes.get(prefix) ?? { stays: false, rule: undefined, tag }
      prefixes.set(prefix, state)
      if (goes(decision)) state.rule ??= verdict.rule
      else state.stays = true
    }
  }
  const lost = [...prefixes]
    .filter(([, { stays }]) => !stays)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  const named = lost.slice(0, maxNamed).map(([prefix, { rule, tag }]): LifecycleWarning => {
    const what =
      prefix === tag
        ? `the image of tag ${JSON.stringify(tag)}`
        : `the last image of the tags ${prefix}…`
    return {
      code: 'DELETES_LAST_OF_PREFIX',
      ...(rule === undefined ? {} : { rule }),
      message: `${what} goes, and none is left`,
    }
  })
  if (lost.length <= maxNamed) return named
  const message = `so do the last images of ${lost.length - maxNamed} more prefixes`
  return [...named, { code: 'DELETES_LAST_OF_PREFIX', message }]
}

/** Up to the first sign that divides; `v` of `v1.2.3`; a word without either is its own. */
export function prefixOf(tag: string): string {
  const divided = /^[A-Za-z0-9]*?[-_.]/.exec(tag)?.[0]
  const lettered = /^[A-Za-z]+(?=[0-9])/.exec(tag)?.[0]
  if (lettered !== undefined && lettered.length < (divided?.length ?? Infinity)) return lettered
  return divided ?? tag
}

function matchesNothing(
  { rules }: LifecyclePolicy,
  decisions: readonly Decision[],
): readonly LifecycleWarning[] {
  if (decisions.length === 0) return []
  return rules.flatMap(({ priority, selection }) => {
    const test = selectionTest(selection)
    if (decisions.some(({ image }) => test(image))) return []
    const message = `rule ${priority} is about no image that is there now`
    return [{ code: 'RULE_NEVER_MATCHES', rule: priority, message }]
  })
}
