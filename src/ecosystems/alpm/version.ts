// Purpose:  order two versions of pacman's packages.
// Spec:     vercmp(8) and libalpm, alpm_pkg_vercmp; PKGBUILD(5) for what a version may be made of.
// Input:    version text as found in pacman's database; may be hostile.
// Deviates: a version without a release is lower than any release of it: vercmp calls it equal to each of them, which is no order.
// Unknowns: text outside the grammar, such as two separators in a row (which vercmp puts in a circle) → 'unparsable'.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface AlpmVersion {
  readonly epoch: string
  readonly version: readonly Segment[]
  readonly release: readonly Segment[]
}

interface Segment {
  readonly text: string
  /** How it stands to the end of the other version: below it (1.0a < 1.0), or above it by one of these steps. */
  readonly rank: number
}

export function compareAlpmVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareDigits(left.epoch, right.epoch) ||
    compareSegments(left.version, right.version) ||
    compareSegments(left.release, right.release)
  return { kind: 'ordered', order }
}

const segments = /^[A-Za-z0-9]+(?:[^A-Za-z0-9\s:/-][A-Za-z0-9]+)*$/

function parse(text: string): AlpmVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const [, epoch = '0', version = '', release] =
    /^(?:([0-9]+):)?([\x21-\x7e]+?)(?:-([0-9]+(?:\.[0-9]+)*))?$/.exec(text) ?? []
  if (!segments.test(version)) return undefined
  return { epoch, version: segmentsOf(version), release: segmentsOf(release ?? '') }
}

function segmentsOf(text: string): readonly Segment[] {
  const found: Segment[] = []
  for (const match of text.matchAll(/([^A-Za-z0-9])?([0-9]+|[A-Za-z]+)/g)) {
    const [, separator, run = ''] = match
    const isNumber = /^[0-9]/.test(run)
    // After a separator both are above the end; without one, letters follow digits and are below it.
    const rank = separator === undefined ? (isNumber ? 1 : -1) : isNumber ? 3 : 2
    found.push({ text: run, rank: found.length === 0 ? (isNumber ? 3 : 2) : rank })
  }
  return found
}

const end: Segment = { text: '', rank: 0 }

function compareSegments(a: readonly Segment[], b: readonly Segment[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index] ?? end, b[index] ?? end]
    const order = x.rank - y.rank || compareRuns(x.text, y.text)
    if (order !== 0) return order
  }
  return 0
}

/** Both are digits or both are letters, since their ranks are equal. */
function compareRuns(a: string, b: string): number {
  return /^[0-9]/.test(a) ? compareDigits(a, b) : compareText(a, b)
}
