// Purpose:  order two RubyGems versions.
// Spec:     RubyGems, Gem::Version: canonical segments and their order.
// Input:    version text as found in a gemspec or in an advisory; may be hostile.
// Deviates: letters after the first number (1beta), which RubyGems refuses by now, are ordered as they were.
// Unknowns: text that does not begin with a number → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

export function compareGemVersions(a: string, b: string): Comparison {
  const [left, right] = [segmentsOf(a), segmentsOf(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareSegments(left[index] ?? '0', right[index] ?? '0')
    if (order !== 0) return { kind: 'ordered', order }
  }
  return { kind: 'ordered', order: 0 }
}

/** `1.0.0-rc1` → 1, pre, rc, 1: zeros at the end, and before the first word, do not count. */
function segmentsOf(text: string): readonly string[] | undefined {
  const plain = text.trim()
  if (plain.length > maxVersionLength) return undefined
  if (!/^[0-9]+[0-9A-Za-z]*(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(plain))
    return undefined
  const segments = plain.replaceAll('-', '.pre.').match(/[0-9]+|[A-Za-z]+/g) ?? []
  const firstWord = segments.findIndex((segment) => !isNumber(segment))
  const words = firstWord === -1 ? segments.length : firstWord
  return [...withoutZeros(segments.slice(0, words)), ...withoutZeros(segments.slice(words))]
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1)
}

/** A word, however it reads, comes before every number. */
function compareSegments(a: string, b: string): number {
  const [isNumberA, isNumberB] = [isNumber(a), isNumber(b)]
  if (isNumberA && isNumberB) return compareDigits(a, b)
  if (isNumberA !== isNumberB) return isNumberA ? 1 : -1
  return compareText(a, b)
}

function isNumber(segment: string): boolean {
  return /^[0-9]/.test(segment)
}
