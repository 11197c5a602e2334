// Purpose:  may this tag be written, given what it points to now?
// Spec:     Amazon ECR API, imageTagMutability and imageTagMutabilityExclusionFilters; OCI distribution-spec, "Pushing Manifests".
// Input:    the repository's setting, the tag, the digest it has now (if any), the digest offered. All parsed.
// Deviates: nothing here; what a repeat of the same digest ('same') means is each door's to say.
// Unknowns: none; a setting that we do not know cannot be parsed into TagMutability.
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import { matchesAny, type TagFilter } from './tag-filter.ts'

export const tagMutabilityModes = [
  'MUTABLE',
  'IMMUTABLE',
  'MUTABLE_WITH_EXCLUSION',
  'IMMUTABLE_WITH_EXCLUSION',
] as const
export type TagMutabilityMode = (typeof tagMutabilityModes)[number]

/** The filters name the tags for which the opposite holds; there is at least one. */
export interface MutabilityWithExclusion {
  readonly mode: Extract<TagMutabilityMode, `${string}_WITH_EXCLUSION`>
  readonly filters: readonly [TagFilter, ...(readonly TagFilter[])]
}

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | MutabilityWithExclusion

export type TagWrite =
  | { readonly kind: 'create' }
  | { readonly kind: 'same' }
  | { readonly kind: 'move'; readonly from: Digest }
  | { readonly kind: 'refused'; readonly current: Digest }

export function parseTagMutabilityMode(text: string): TagMutabilityMode | undefined {
  return tagMutabilityModes.find((mode) => mode === text)
}

/** Undefined where the mode asks for filters and there is none, or forbids them and there are some. */
export function tagMutabilityOf(
  mode: TagMutabilityMode,
  filters: readonly TagFilter[],
): TagMutability | undefined {
  const [first, ...more] = filters
  if (mode === 'MUTABLE' || mode === 'IMMUTABLE') return first === undefined ? mode : undefined
  return first === undefined ? undefined : { mode, filters: [first, ...more] }
}

export function modeOf(setting: TagMutability): TagMutabilityMode {
  return typeof setting === 'string' ? setting : setting.mode
}

export function filtersOf(setting: TagMutability): readonly TagFilter[] {
  return typeof setting === 'string' ? [] : setting.filters
}

export function decideTagWrite(
  setting: TagMutability,
  tag: Tag,
  current: Digest | undefined,
  offered: Digest,
): TagWrite {
  if (current === undefined) return { kind: 'create' }
  if (current === offered) return { kind: 'same' }
  return isImmutable(setting, tag) ? { kind: 'refused', current } : { kind: 'move', from: current }
}

/** Whether the tag stays on what it points to. */
export function isImmutable(setting: TagMutability, tag: Tag): boolean {
  if (typeof setting === 'string') return setting === 'IMMUTABLE'
  const isExcluded = matchesAny(setting.filters, tag)
  return setting.mode === 'IMMUTABLE_WITH_EXCLUSION' ? !isExcluded : isExcluded
}
