// How inputs say which tags may move, and how answers show it. Constraints are the service model's.
import { Type } from 'typebox'
import {
  maxTagFilterLength,
  maxTagFilters,
  parseTagFilter,
  type TagFilter,
} from '../../../registry/rules/tag-filter.ts'
import {
  filtersOf,
  modeOf,
  parseTagMutabilityMode,
  tagMutabilityModes,
  tagMutabilityOf,
  type TagMutability,
} from '../../../registry/rules/tag-mutability.ts'
import { invalidParameter } from './errors.ts'

const filtersMember = 'imageTagMutabilityExclusionFilters'

/** What stands in a filter is judged below, where the refusal can show it. */
export const exclusionFilters = Type.Array(
  Type.Object({
    filterType: Type.Enum(['WILDCARD']),
    filter: Type.String({ minLength: 1, maxLength: maxTagFilterLength }),
  }),
  { minItems: 1, maxItems: maxTagFilters },
)

export interface TagMutabilityShape {
  readonly imageTagMutability?: string
  readonly imageTagMutabilityExclusionFilters?: readonly { readonly filter: string }[]
}

/** The setting that an input asks for; `fallback` is the mode of one that names none. */
export function readTagMutability(
  input: TagMutabilityShape,
  fallback: 'MUTABLE' | 'IMMUTABLE',
): TagMutability {
  const mode = parseTagMutabilityMode(input.imageTagMutability ?? fallback)
  if (mode === undefined) {
    const modes = tagMutabilityModes.map((one) => `'${one}'`).join(', ')
    throw invalidParameter('imageTagMutability', `must be one of ${modes}`)
  }
  const filters = (input.imageTagMutabilityExclusionFilters ?? []).map(readFilter)
  const setting = tagMutabilityOf(mode, filters)
  if (setting !== undefined) return setting
  // AWS's words for the first; for the second it is known that it is refused, not in which words.
  const why = filters.length === 0 ? `can't be null` : 'are not allowed'
  throw invalidParameter(
    filtersMember,
    `ImageTagMutabilityExclusionFilters ${why} when imageTagMutability is set as ${mode}`,
  )
}

function readFilter({ filter }: { readonly filter: string }, index: number): TagFilter {
  const reading = parseTagFilter(filter)
  if (reading.kind === 'parsed') return reading.filter
  const member = `${filtersMember}.${index + 1}.member.filter`
  throw invalidParameter(member, `'${filter}' must ${reading.rule}`)
}

/** The two members of answers; the second is absent where there is no filter. */
export function renderTagMutability(setting: TagMutability): Readonly<Record<string, unknown>> {
  const filters = filtersOf(setting).map((filter) => ({ filterType: 'WILDCARD', filter }))
  return {
    imageTagMutability: modeOf(setting),
    ...(filters.length === 0 ? {} : { [filtersMember]: filters }),
  }
}
