// Purpose:  order two Alpine package versions.
// Spec:     apk-tools, apk-package(5) "Versions" and its own test data.
// Input:    version text as found in apk's installed database or in secdb; may be hostile.
// Deviates: what follows the longest valid beginning makes a version lower; after a revision it has no order of its own, as in apk-tools 2.
// Unknowns: text of which no beginning is a version → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface ApkVersion {
  readonly numbers: readonly string[]
  readonly letter: string
  readonly suffixes: readonly { readonly rank: number; readonly number: string }[]
  readonly revision: string
  readonly hasRevision: boolean
  /** What the grammar has no place for. */
  readonly rest: string
}

/** Before and after the version without a suffix, which has rank 0. */
const ranks: Readonly<Record<string, number>> = {
  alpha: -4,
  beta: -3,
  pre: -2,
  rc: -1,
  cvs: 1,
  svn: 2,
  git: 3,
  hg: 4,
  p: 5,
}

export function compareApkVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left, right) ||
    compareRest(left, right) ||
    compareDigits(left.revision, right.revision)
  return { kind: 'ordered', order }
}

function parse(text: string): ApkVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const head = /^([0-9]*(?:\.[0-9]+)*)([a-z]?)/.exec(text)
  const numbers = head?.[1]
  if (head === null || numbers === undefined || head[0] === '') return undefined
  let at = head[0].length
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const found = pattern.exec(text.slice(at))
    if (found === null) return undefined
    at += found[0].length
    return found
  }
  const suffixes: { rank: number; number: string }[] = []
  for (;;) {
    const suffix = take(/^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)([0-9]*)/)
    if (suffix === undefined) break
    suffixes.push({ rank: ranks[suffix[1] ?? ''] ?? 0, number: suffix[2] ?? '' })
  }
  take(/^~[0-9a-f]+/)
  const revision = take(/^-r([0-9]*)/)?.[1]
  return {
    numbers: numbers.split('.'),
    letter: head[2] ?? '',
    suffixes,
    revision: revision ?? '0',
    hasRevision: revision !== undefined,
    rest: text.slice(at),
  }
}

/** The first by value; later ones as decimal fractions where either begins with 0 (`1.05` < `1.5`). */
function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index] ?? '', b[index] ?? '']
    const isFraction = index > 0 && (x.startsWith('0') || y.startsWith('0'))
    const order = isFraction ? compareText(x, y) : compareDigits(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareSuffixes(a: ApkVersion, b: ApkVersion): number {
  const length = Math.max(a.suffixes.length, b.suffixes.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a.suffixes[index], b.suffixes[index]]
    const order = (x?.rank ?? 0) - (y?.rank ?? 0) || compareDigits(x?.number ?? '', y?.number ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** A remainder is lower than none. From the revision on apk stops reading; before it, numbers count by value. */
function compareRest(a: ApkVersion, b: ApkVersion): number {
  if (a.rest === '' || b.rest === '') return Number(a.rest === '') - Number(b.rest === '')
  if (stopsAtRevision(a) && stopsAtRevision(b)) return 0
  let [left, right] = [a.rest, b.rest]
  while (left !== '' && right !== '') {
    const [x, y] = [/^[0-9]+/.exec(left)?.[0], /^[0-9]+/.exec(right)?.[0]]
    const isNumber = x !== undefined && y !== undefined
    const order = isNumber ? compareDigits(x, y) : compareText(left.charAt(0), right.charAt(0))
    if (order !== 0) return order
    left = left.slice(isNumber ? x.length : 1)
    right = right.slice(isNumber ? y.length : 1)
  }
  return left.length - right.length
}

function stopsAtRevision(version: ApkVersion): boolean {
  return version.hasRevision || version.rest.startsWith('-')
}
