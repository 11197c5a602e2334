// Purpose:  turn lists of gem requirements (versions that are patched, or were never affected) into affected ranges.
// Spec:     RubyGems, Gem::Requirement and Gem::Version#bump; ruby-advisory-db, README (patched_versions, unaffected_versions).
// Input:    requirement texts of an advisory, such as `~> 2.2.8, >= 2.2.9`; hostile.
// Deviates: the upper bound of `~> X.Y` is written as the lowest pre-release of the next version, `<bump>.a`, as RubyGems orders it.
// Unknowns: a requirement outside of the grammar, or one that only excludes (`!=`), → undefined: the record is refused.
import { compareGemVersions } from '../ecosystems/gem/version.ts'

/** From `low` on, below `high`; undefined: without an end. */
export interface VersionSpan {
  readonly low: string | undefined
  readonly high: string | undefined
}

/** OSV's events of what is in none of the requirements, in order; undefined where one of them cannot be read. */
export function affectedBetween(
  safe: readonly string[],
): readonly Readonly<Record<string, string>>[] | undefined {
  const spans: VersionSpan[] = []
  for (const text of safe) {
    const span = spanOf(text)
    if (span === undefined) return undefined
    if (!isEmpty(span)) spans.push(span)
  }
  const events: Readonly<Record<string, string>>[] = []
  let from: string | undefined = '0'
  for (const { low, high } of spans.toSorted(byLow)) {
    if (from === undefined) break
    if (low !== undefined && order(low, from) > 0) events.push({ introduced: from }, endBelow(low))
    if (high === undefined) from = undefined
    else if (order(high, from) > 0) from = high
  }
  if (from !== undefined) events.push({ introduced: from })
  return events
}

/** The versions that meet all of a list of conditions; undefined where that is no span, or not to be read. */
export function spanOf(text: string): VersionSpan | undefined {
  let span: VersionSpan = { low: undefined, high: undefined }
  for (const condition of text.split(',')) {
    const one = conditionOf(condition.trim())
    if (one === undefined) return undefined
    span = { low: later(span.low, one.low), high: earlier(span.high, one.high) }
  }
  return span
}

const version = '([0-9]+(?:[.-][0-9A-Za-z]+)*)'
const grammar = new RegExp(`^(>=|<=|<|>|~>|=|)\\s*${version}$`)

function conditionOf(text: string): VersionSpan | undefined {
  const [, operator, at] = grammar.exec(text) ?? []
  if (operator === undefined || at === undefined || at.length > 256) return undefined
  switch (operator) {
    case '>=':
      return { low: at, high: undefined }
    case '>':
      return { low: after(at), high: undefined }
    case '<':
      return { low: undefined, high: at }
    case '<=':
      return { low: undefined, high: after(at) }
    case '~>':
      return { low: at, high: `${bump(at)}.a` }
    default:
      return { low: at, high: after(at) }
  }
}

const justAbove = '.0.0.0.1'

/** As low above as no gem was ever numbered. */
function after(at: string): string {
  return `${at}${justAbove}`
}

/** The end of what is affected below `low`: where `low` is just above a version, that one is the last. */
function endBelow(low: string): Readonly<Record<string, string>> {
  return low.endsWith(justAbove)
    ? { last_affected: low.slice(0, -justAbove.length) }
    : { fixed: low }
}

/** `2.2.8` → `2.3`, `2` → `3`, `4.0.0.rc1` → `4.1`: the last number but one grows, what follows goes. */
function bump(at: string): string {
  const segments = at.split(/[.-]/)
  const firstWord = segments.findIndex((segment) => !/^[0-9]+$/.test(segment))
  const numbers = firstWord === -1 ? segments : segments.slice(0, firstWord)
  const kept = numbers.length > 1 ? numbers.slice(0, -1) : numbers
  const last = BigInt(kept.at(-1) ?? '0') + 1n
  return [...kept.slice(0, -1), last.toString()].join('.')
}

function order(a: string, b: string): number {
  const compared = compareGemVersions(a, b)
  // The grammar admits only what can be ordered.
  return compared.kind === 'ordered' ? compared.order : 0
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return order(a, b) >= 0 ? a : b
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return order(a, b) <= 0 ? a : b
}

function byLow(a: VersionSpan, b: VersionSpan): number {
  if (a.low === undefined || b.low === undefined)
    return a.low === b.low ? 0 : a.low === undefined ? -1 : 1
  return order(a.low, b.low)
}

function isEmpty({ low, high }: VersionSpan): boolean {
  return low !== undefined && high !== undefined && order(low, high) >= 0
}
