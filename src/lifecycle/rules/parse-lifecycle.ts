// Purpose:  read a lifecycle policy, or say of each fault where it stands.
// Spec:     Amazon ECR User Guide, lifecycle policy parameters; API Reference, PutLifecyclePolicy.
// Input:    the text as sent, at most 30,720 characters; hostile.
// Deviates: a member given twice is refused. sinceImagePulled may expire, and sinceImageTransitioned may count less than 90 days,
//           unless AWS's own limits are asked for. Behind ECR's words stand rule, member, line and column.
// Unknowns: text with any fault gives no policy: nothing is guessed of a document that deletes.
import { readStrictJson, type JsonValue } from '../../policy/strict-json.ts'
import { findClashes, type PlacedRule } from './clashing-rules.ts'
import { DocumentReader, type DocumentFault } from './document-reader.ts'
import type {
  LifecycleAction,
  LifecycleCount,
  LifecyclePolicy,
  LifecycleRule,
  StorageClass,
  TagSelection,
} from './lifecycle-policy.ts'

export type LifecycleReading =
  | { readonly kind: 'read'; readonly policy: LifecyclePolicy }
  | { readonly kind: 'refused'; readonly faults: readonly DocumentFault[] }

/** `aws`: what AWS's service refuses beyond the grammar is refused too. */
export type LifecycleLimits = 'aws' | 'secure'

const maxRules = 50
const maxNumber = 2_147_483_647
const maxStars = 4
/** AWS charges an archived image for as many days at least. */
export const awsArchiveDays = 90

export function parseLifecycle(
  text: string,
  { limits }: { readonly limits: LifecycleLimits },
): LifecycleReading {
  const json = readStrictJson(text, { characters: 'any' })
  if (json.kind === 'unreadable') {
    const { problem, at } = json.fault
    const words = `Could not map policyString into LifecyclePolicy. ${problem}`
    return { kind: 'refused', faults: [{ words, at }] }
  }
  const reader = new DocumentReader()
  const rules = readRules(reader, json.root, limits)
  for (const { words, at, rule } of findClashes(rules)) {
    reader.enterRule(`rule ${rule}`)
    reader.report(words, at)
  }
  if (reader.faults.length > 0) return { kind: 'refused', faults: reader.faults }
  const sorted = rules.toSorted((left, right) => left.rule.priority - right.rule.priority)
  return { kind: 'read', policy: { rules: sorted.map(({ rule }) => rule) } }
}

function readRules(
  reader: DocumentReader,
  root: JsonValue,
  limits: LifecycleLimits,
): readonly PlacedRule[] {
  const members = reader.object(root, { required: ['rules'], optional: [] })
  const listed = members?.get('rules')
  const items =
    listed === undefined ? [] : (reader.array(listed, { least: 1, most: maxRules }) ?? [])
  return items.flatMap((value, index) => {
    reader.enterRule(nameOf(value, index))
    const rule = readRule(reader, value, limits)
    reader.enterRule(undefined)
    return rule === undefined ? [] : [{ rule, at: value.at }]
  })
}

/** By its priority, as people speak of it; by its place in the list where it has none. */
function nameOf(value: JsonValue, index: number): string {
  const members = value.kind === 'object' ? value.members : []
  const priority = members.find(({ name }) => name === 'rulePriority')?.value
  return priority?.kind === 'number' ? `rule ${priority.value}` : `rule at position ${index + 1}`
}

function readRule(
  reader: DocumentReader,
  value: JsonValue,
  limits: LifecycleLimits,
): LifecycleRule | undefined {
  const members = reader.object(value, {
    required: ['action', 'rulePriority', 'selection'],
    optional: ['description'],
  })
  const [priorityValue, selectionValue, actionValue] = ['rulePriority', 'selection', 'action'].map(
    (name) => members?.get(name),
  )
  const described = members?.get('description')
  const description =
    described === undefined ? undefined : reader.string(described, { least: 0, most: 256 })
  const priority = priorityValue && reader.integer(priorityValue, { least: 1, most: maxNumber })
  const selected = selectionValue && readSelection(reader, selectionValue)
  const action = actionValue && readAction(reader, actionValue)
  if (priority === undefined || selected === undefined || action === undefined) return undefined
  const { count, ...selection } = selected
  const rule = { priority, description, selection, count, action }
  const problem = findMismatch(rule, limits)
  return problem === undefined ? rule : reader.report(problem, value.at)
}

interface ReadSelection {
  readonly storageClass: StorageClass
  readonly tags: TagSelection
  readonly count: LifecycleCount
}

function readSelection(reader: DocumentReader, value: JsonValue): ReadSelection | undefined {
  const members = reader.object(value, {
    required: ['countNumber', 'countType', 'tagStatus'],
    optional: ['countUnit', 'storageClass', 'tagPatternList', 'tagPrefixList'],
  })
  if (members === undefined) return undefined
  const classValue = members.get('storageClass')
  const storageClass =
    classValue === undefined ? 'standard' : reader.oneOf(classValue, ['standard', 'archive'])
  const tags = readTags(reader, value, members)
  const count = readCount(reader, value, members)
  if (storageClass === undefined || tags === undefined || count === undefined) return undefined
  return { storageClass, tags, count }
}

type Members = ReadonlyMap<string, JsonValue>

function readTags(
  reader: DocumentReader,
  value: JsonValue,
  members: Members,
): TagSelection | undefined {
  const statusValue = members.get('tagStatus')
  const status = statusValue && reader.oneOf(statusValue, ['tagged', 'untagged', 'any'])
  const prefixes = members.get('tagPrefixList')
  const patterns = members.get('tagPatternList')
  if (status === undefined) return undefined
  if (status !== 'tagged') {
    const extra = prefixes ?? patterns
    if (extra === undefined) return { kind: status }
    return reader.report(
      `instance failed to match exactly one schema (matched 0 out of 2): tagPrefixList and tagPatternList are for tagStatus "tagged", and this is ${JSON.stringify(status)}`,
      extra.at,
    )
  }
  if ((prefixes === undefined) === (patterns === undefined)) {
    const number = prefixes === undefined ? 0 : 2
    return reader.report(
      `instance failed to match exactly one schema (matched ${number} out of 2): tagStatus "tagged" needs either tagPrefixList or tagPatternList`,
      value.at,
    )
  }
  return prefixes === undefined
    ? readTagList(reader, patterns, 'pattern')
    : readTagList(reader, prefixes, 'prefix')
}

function readTagList(
  reader: DocumentReader,
  value: JsonValue | undefined,
  written: 'prefix' | 'pattern',
): TagSelection | undefined {
  const items = value && reader.array(value, { least: 1, most: 100 })
  if (items === undefined) return undefined
  const all: string[] = []
  for (const item of items) {
    const text = reader.string(item, { least: 1, most: 128 })
    if (text === undefined) return undefined
    const stars = text.split('*').length - 1
    if (written === 'pattern' && stars > maxStars) {
      return reader.report(
        `a pattern has at most ${maxStars} wildcards (*), and this has ${stars}`,
        item.at,
      )
    }
    all.push(text)
  }
  return { kind: 'tagged', written, all }
}

const events = {
  sinceImagePushed: 'pushed',
  sinceImagePulled: 'pulled',
  sinceImageTransitioned: 'archived',
} as const
const countTypes = [
  'imageCountMoreThan',
  'sinceImagePushed',
  'sinceImagePulled',
  'sinceImageTransitioned',
] as const

function readCount(
  reader: DocumentReader,
  value: JsonValue,
  members: Members,
): LifecycleCount | undefined {
  const typeValue = members.get('countType')
  const type = typeValue && reader.oneOf(typeValue, countTypes)
  const numberValue = members.get('countNumber')
  const number = numberValue && reader.integer(numberValue, { least: 1, most: maxNumber })
  const unitValue = members.get('countUnit')
  const unit = unitValue && reader.oneOf(unitValue, ['days'])
  if (type === undefined || number === undefined) return undefined
  if (type === 'imageCountMoreThan') {
    if (unitValue === undefined) return { kind: 'more-than', keep: number }
    return reader.report(
      'instance failed to match exactly one schema (matched 0 out of 2): countUnit is for the countTypes that begin with since',
      unitValue.at,
    )
  }
  if (unitValue === undefined) {
    return reader.report(
      `instance failed to match exactly one schema (matched 0 out of 2): countType ${JSON.stringify(type)} needs countUnit "days"`,
      value.at,
    )
  }
  return unit === undefined ? undefined : { kind: 'since', event: events[type], days: number }
}

function readAction(reader: DocumentReader, value: JsonValue): LifecycleAction | undefined {
  const members = reader.object(value, { required: ['type'], optional: ['targetStorageClass'] })
  const typeValue = members?.get('type')
  const type = typeValue && reader.oneOf(typeValue, ['expire', 'transition'])
  const targetValue = members?.get('targetStorageClass')
  const target = targetValue && reader.oneOf(targetValue, ['archive'])
  if (type === undefined) return undefined
  if (type === 'expire') {
    if (targetValue === undefined) return 'expire'
    return reader.report('targetStorageClass is for the action "transition"', targetValue.at)
  }
  if (targetValue === undefined) {
    return reader.report(
      'object has missing required properties (["targetStorageClass"])',
      value.at,
    )
  }
  return target === undefined ? undefined : 'archive'
}

/** What no member alone is wrong in. */
function findMismatch(
  { selection, count, action }: LifecycleRule,
  limits: LifecycleLimits,
): string | undefined {
  const isArchived = selection.storageClass === 'archive'
  if (action === 'archive' && isArchived) {
    return 'the action "transition" is for storageClass "standard": an archived image is archived already'
  }
  if (count.kind === 'more-than') return undefined
  if (count.event === 'archived' && !isArchived) {
    return 'countType "sinceImageTransitioned" needs storageClass "archive" and the action "expire"'
  }
  if (limits !== 'aws') return undefined
  if (count.event === 'archived' && count.days < awsArchiveDays) {
    return `countNumber of "sinceImageTransitioned" is lower than the required minimum (minimum: ${awsArchiveDays}, found: ${count.days})`
  }
  return count.event === 'pulled' && action === 'expire'
    ? 'countType "sinceImagePulled" is for the action "transition"'
    : undefined
}
