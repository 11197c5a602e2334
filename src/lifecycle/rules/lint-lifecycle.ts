// Purpose:  what is allowed in a lifecycle policy and is probably not meant.
// Spec:     Amazon ECR User Guide, lifecycle policy parameters and evaluation rules; the mistakes are those that people report.
// Input:    a parsed policy; nothing of any repository.
// Deviates: nothing.
// Unknowns: whether one list of patterns holds all tags of another is told only where it is certain.
import type { LifecyclePolicy, LifecycleRule } from './lifecycle-policy.ts'
import { globTest } from './tag-selection.ts'

export type LifecycleWarningCode =
  | 'RULE_NEVER_MATCHES'
  | 'RULE_SHADOWED'
  | 'TAG_LIST_IS_AND'
  | 'COULD_DELETE_EVERYTHING'
  | 'DELETES_EVERYTHING'
  | 'DELETES_LAST_OF_PREFIX'

export interface LifecycleWarning {
  readonly code: LifecycleWarningCode
  /** Priority of the rule; absent where it is about the policy as a whole. */
  readonly rule?: number
  readonly message: string
}

export function lintLifecycle({ rules }: LifecyclePolicy): readonly LifecycleWarning[] {
  return rules.flatMap((rule, index) => [
    ...neverMatches(rule),
    ...shadowed(rule, rules.slice(0, index)),
    ...tagListIsAnd(rule),
    ...couldDeleteEverything(rule),
  ])
}

/** The grammar of tags (OCI distribution-spec), with stars for what is not written. */
const tagCharacters = /^[A-Za-z0-9_*][A-Za-z0-9._*-]*$/

function neverMatches({ priority, selection }: LifecycleRule): readonly LifecycleWarning[] {
  const { tags } = selection
  if (tags.kind !== 'tagged') return []
  const impossible = tags.all.find((text) => {
    const fixed = text.replaceAll('*', '')
    const stray = tags.written === 'prefix' ? text.includes('*') : false
    return stray || fixed.length > 128 || !tagCharacters.test(text)
  })
  if (impossible === undefined) return []
  const hint =
    tags.written === 'prefix' && impossible.includes('*')
      ? 'a star is no wildcard in tagPrefixList; write the prefix without it, or use tagPatternList'
      : 'no tag can have these characters there'
  const message = `rule ${priority} can never match: ${tags.written} ${JSON.stringify(impossible)} fits no tag; ${hint}`
  return [{ code: 'RULE_NEVER_MATCHES', rule: priority, message }]
}

function shadowed(
  rule: LifecycleRule,
  before: readonly LifecycleRule[],
): readonly LifecycleWarning[] {
  const by = before.find((earlier) => holdsAllOf(earlier, rule))
  if (by === undefined) return []
  const message = `rule ${rule.priority} never acts: each image that it is about is claimed by rule ${by.priority}, which comes first; narrow rule ${by.priority}, or give rule ${rule.priority} the lower number`
  return [{ code: 'RULE_SHADOWED', rule: rule.priority, message }]
}

/** Whether each image that `inner` is about is one of `outer`'s. */
function holdsAllOf(outer: LifecycleRule, inner: LifecycleRule): boolean {
  if (outer.selection.storageClass !== inner.selection.storageClass) return false
  const tags = outer.selection.tags
  if (tags.kind === 'any') return true
  if (tags.kind === 'untagged') return inner.selection.tags.kind === 'untagged'
  const within = inner.selection.tags
  if (within.kind !== 'tagged') return false
  const wanted = tags.all.map((text) => patternOf(text, tags.written))
  const given = within.all.map((text) => patternOf(text, within.written))
  return wanted.every((pattern) => given.some((inside) => holdsPattern(pattern, inside)))
}

function patternOf(text: string, written: 'prefix' | 'pattern'): string {
  return written === 'prefix' ? `${text}*` : text
}

/** A star of the inner pattern counts as a character that only a star of the outer one can take: certain, if not complete. */
function holdsPattern(outer: string, inner: string): boolean {
  return outer === inner || globTest(outer)(inner.replaceAll('*', '\u0000'))
}

function tagListIsAnd({ priority, selection }: LifecycleRule): readonly LifecycleWarning[] {
  const { tags } = selection
  if (tags.kind !== 'tagged' || new Set(tags.all).size < 2) return []
  const shown = tags.all.slice(0, 3).map((text) => JSON.stringify(text))
  const more = tags.all.length > 3 ? ', …' : ''
  const message = `rule ${priority} is only about images that have a tag for each entry of its list (${shown.join(' and ')}${more}); write a rule for each if one tag is to be enough`
  return [{ code: 'TAG_LIST_IS_AND', rule: priority, message }]
}

/** By age alone a repository to which nobody pushes ends empty. */
function couldDeleteEverything(rule: LifecycleRule): readonly LifecycleWarning[] {
  const { priority, selection, count, action } = rule
  const { tags } = selection
  const isAll =
    tags.kind === 'any' ||
    (tags.kind === 'tagged' && tags.all.every((text) => patternOf(text, tags.written) === '*'))
  if (!isAll || action !== 'expire' || count.kind !== 'since') return []
  const message = `rule ${priority} deletes by age alone: a repository to which nobody pushes for ${count.days} days loses every image that no earlier rule claims; put a rule before it that keeps what must stay`
  return [{ code: 'COULD_DELETE_EVERYTHING', rule: priority, message }]
}
