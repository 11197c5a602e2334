// Purpose:  which rules of one lifecycle policy cannot stand beside one another.
// Spec:     Amazon ECR User Guide, lifecycle policy parameters: rulePriority, tagStatus, tagPrefixList, tagPatternList.
// Input:    rules that are each well formed, with their places.
// Deviates: what AWS asks of all rules is asked of those of one storage class, as it is since there is more than one.
// Unknowns: none.
import type { Place } from '../../policy/document.ts'
import type { LifecycleRule } from './lifecycle-policy.ts'

export interface PlacedRule {
  readonly rule: LifecycleRule
  readonly at: Place
}

export interface Clash {
  readonly words: string
  readonly at: Place
  /** Priority of the rule that comes second in the document. */
  readonly rule: number
}

export function findClashes(rules: readonly PlacedRule[]): readonly Clash[] {
  return rules.flatMap((second, index) => {
    const found = rules
      .slice(0, index)
      .flatMap((first) => clashOf(first.rule, second.rule) ?? [])
      .slice(0, 1)
    return found.map((words) => ({ words, at: second.at, rule: second.rule.priority }))
  })
}

function clashOf(first: LifecycleRule, second: LifecycleRule): string | undefined {
  if (first.priority === second.priority) {
    return `rulePriority must be unique, and ${second.priority} is given twice`
  }
  const left = first.selection
  const right = second.selection
  if (left.storageClass !== right.storageClass) return undefined
  const named = `storageClass ${JSON.stringify(left.storageClass)}`
  if (left.tags.kind === right.tags.kind && left.tags.kind !== 'tagged') {
    return `only one rule for tagStatus ${JSON.stringify(left.tags.kind)} is allowed, and rule ${first.priority} is one (${named})`
  }
  const any = [first, second].find(({ selection }) => selection.tags.kind === 'any')
  const other = any === first ? second : first
  if (any !== undefined && any.priority < other.priority) {
    return `a rule for tagStatus "any" must have the highest rulePriority, and rule ${any.priority} comes before rule ${other.priority} (${named})`
  }
  const shared = sharedEntry(first, second)
  return shared === undefined
    ? undefined
    : `the tag ${shared.written} ${JSON.stringify(shared.text)} is in rule ${first.priority} already; each may be in one rule only (${named})`
}

function sharedEntry(
  first: LifecycleRule,
  second: LifecycleRule,
): { readonly written: string; readonly text: string } | undefined {
  const left = first.selection.tags
  const right = second.selection.tags
  if (left.kind !== 'tagged' || right.kind !== 'tagged' || left.written !== right.written)
    return undefined
  const text = right.all.find((entry) => left.all.includes(entry))
  return text === undefined ? undefined : { written: left.written, text }
}
