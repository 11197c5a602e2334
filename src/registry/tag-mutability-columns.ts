// How a setting of tag mutability lies in a row: the mode in tag_mutability, its filters as JSON in tag_exclusions.
import { text, textOrAbsent, type SqlRow } from '../storage/database/database.ts'
import { parseTagFilter, type TagFilter } from './rules/tag-filter.ts'
import {
  filtersOf,
  parseTagMutabilityMode,
  tagMutabilityOf,
  type TagMutability,
} from './rules/tag-mutability.ts'

/** Null for a setting without filters. */
export function exclusionsText(setting: TagMutability): string | null {
  const filters = filtersOf(setting)
  return filters.length === 0 ? null : JSON.stringify(filters)
}

export function tagMutabilityIn(row: SqlRow): TagMutability {
  const mode = parseTagMutabilityMode(text(row, 'tag_mutability'))
  const filters = filtersIn(textOrAbsent(row, 'tag_exclusions'))
  const setting = mode === undefined ? undefined : tagMutabilityOf(mode, filters)
  if (setting === undefined) throw new Error('the tag mutability of a row cannot be read')
  return setting
}

function filtersIn(json: string | undefined): readonly TagFilter[] {
  if (json === undefined) return []
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list)) throw new Error('the exclusions of a row are no list')
  return list.map((member) => {
    const reading = parseTagFilter(String(member))
    // A filter that was left out would open what it closed.
    if (reading.kind === 'refused') throw new Error('an exclusion of a row cannot be read')
    return reading.filter
  })
}
