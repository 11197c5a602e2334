// Purpose:  which tags does an exclusion of tag mutability name?
// Spec:     Amazon ECR API, ImageTagMutabilityExclusionFilter; Amazon ECR User Guide, "Image tag mutability" (two wildcards).
// Input:    the text of a filter, which may be hostile, and parsed tags.
// Deviates: nothing.
// Unknowns: a text outside the grammar → the rule that it breaks, never a filter.
import type { Tag } from '../../oci/tag.ts'
import { compileGlob, type Meter } from '../../policy/glob.ts'

declare const brand: unique symbol
/** `*` stands for any run of characters, also for none; the whole tag must match. */
export type TagFilter = string & { readonly [brand]: 'TagFilter' }

export const maxTagFilters = 5
export const maxTagFilterLength = 128
const maxWildcards = 2
const grammar = /^[0-9a-zA-Z._*-]+$/

export type TagFilterReading =
  | { readonly kind: 'parsed'; readonly filter: TagFilter }
  /** `rule` goes behind "must": `have at most 2 wildcards`. */
  | { readonly kind: 'refused'; readonly rule: string }

export function parseTagFilter(text: string): TagFilterReading {
  if (text.length < 1 || text.length > maxTagFilterLength)
    return refused(`have a length of 1 to ${maxTagFilterLength}`)
  if (!grammar.test(text)) return refused('consist of the characters 0-9 a-z A-Z . _ - and *')
  if (text.split('*').length > maxWildcards + 1)
    return refused(`have at most ${maxWildcards} wildcards (*)`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand is given here, and nowhere else
  return { kind: 'parsed', filter: text as TagFilter }
}

function refused(rule: string): TagFilterReading {
  return { kind: 'refused', rule }
}

/** Each character of the tag is passed once for each filter, whatever stands in them. */
export function matchesAny(filters: readonly TagFilter[], tag: Tag, meter?: Meter): boolean {
  return filters.some((filter) => {
    const [head = '', ...rest] = filter.split('*')
    return compileGlob([segment(head), ...rest.map(segment)])(tag, meter)
  })
}

function segment(text: string): { readonly text: string; readonly ones: undefined } {
  return { text, ones: undefined }
}
