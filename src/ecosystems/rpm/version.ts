// Purpose:  order two rpm package versions, `[epoch:]version[-release]`.
// Spec:     rpm, rpmio/rpmvercmp.c and lib/rpmver.c (rpmverCmp); "RPM dependencies: Versioning".
// Input:    version text as found in an rpm database or in an advisory; may be hostile.
// Deviates: `*:` before a version is ours: nobody told the epoch, so it is held to equal any; see `lookup.ts`.
// Unknowns: text without a version, with blanks, or with two dashes, which no version has → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface RpmVersion {
  /** Undefined: nobody told it. */
  readonly epoch: string | undefined
  readonly version: string
  /** Absent is lower than any, also than an empty one. */
  readonly release: string | undefined
}

/** Stands before a version whose epoch nobody told. */
export const unknownEpoch = '*:'

export function compareRpmVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareEpochs(left.epoch, right.epoch) ||
    comparePart(left.version, right.version) ||
    compareReleases(left.release, right.release)
  return { kind: 'ordered', order }
}

/** As rpm parts it: only digits before a colon are an epoch. `(none)` is how it prints an absent one. */
function parse(text: string): RpmVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const [prefix = '', epoch = ''] = /^([0-9]*|\*|\(none\)):/.exec(text) ?? []
  const match = /^([^\s\p{Cc}-]+)(?:-([^\s\p{Cc}-]*))?$/u.exec(text.slice(prefix.length))
  const version = match?.[1]
  return version === undefined ? undefined : { epoch: epochOf(epoch), version, release: match?.[2] }
}

function epochOf(text: string): string | undefined {
  if (text === '*') return undefined
  return text === '(none)' ? '0' : text
}

function compareEpochs(a: string | undefined, b: string | undefined): number {
  return a === undefined || b === undefined ? 0 : compareDigits(a, b)
}

function compareReleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return comparePart(a, b)
}

/** rpmvercmp: runs of digits and of letters in turn; `~` is lower than the end, `^` higher than the end and lower than a run. */
function comparePart(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)]
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [left[index], right[index]]
    const order = rank(x) - rank(y) || compareRuns(x ?? '', y ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** All else only parts one run from the next: `2_0` = `2.0`. */
function pieces(text: string): readonly string[] {
  return text.match(/[0-9]+|[A-Za-z]+|[~^]/g) ?? []
}

function rank(piece: string | undefined): number {
  if (piece === undefined) return 1
  if (piece === '~') return 0
  if (piece === '^') return 2
  return /^[0-9]/.test(piece) ? 4 : 3
}

function compareRuns(a: string, b: string): number {
  return /^[0-9]/.test(a) ? compareDigits(a, b) : compareText(a, b)
}
