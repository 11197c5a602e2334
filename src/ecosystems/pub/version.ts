// Purpose:  order two versions of Dart or Julia packages.
// Spec:     pub_semver, Version.compareTo; Julia, VersionNumber: Semantic Versioning with builds in order.
// Input:    version text as found in a lock file or in an advisory; may be hostile.
// Deviates: any number of parts is taken, and missing ones are zero, since advisories leave them out.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface BuildVersion {
  readonly numbers: readonly string[]
  readonly preRelease: readonly string[]
  readonly build: readonly string[]
}

export function compareBuildVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareNumbers(left.numbers, right.numbers) ||
    // A version before its release has something there, and is lower.
    Number(left.preRelease.length === 0) - Number(right.preRelease.length === 0) ||
    compareIdentifiers(left.preRelease, right.preRelease) ||
    compareIdentifiers(left.build, right.build)
  return { kind: 'ordered', order }
}

function parse(text: string): BuildVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const match =
    /^v?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/.exec(
      text.trim(),
    )
  if (match === null) return undefined
  const [, numbers = '', preRelease, build] = match
  return {
    numbers: numbers.split('.'),
    preRelease: preRelease?.split('.') ?? [],
    build: build?.split('.') ?? [],
  }
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

/** Fewer come first; numbers by value and before words; words by their characters. */
function compareIdentifiers(a: readonly string[], b: readonly string[]): number {
  for (const [index, x] of a.entries()) {
    const y = b[index]
    if (y === undefined) return 1
    const [isNumberX, isNumberY] = [/^[0-9]+$/.test(x), /^[0-9]+$/.test(y)]
    if (isNumberX !== isNumberY) return isNumberX ? -1 : 1
    const order = isNumberX ? compareDigits(x, y) : compareText(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}
