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
  const head = /^([0-9]*(?:\.[0-9]+)*)([a-z]?)/.exec(text)
  if (text.length > maxVersionLength || head === null || head[0] === '') return undefined
  const { suffixes, rest } = takeSuffixes(text.slice(head[0].length))
  const tail = /^(?:~[0-9a-f]+)?(?:-r([0-9]*))?/.exec(rest)
  const revision = tail?.[1]
  const [, numbers = '', letter = ''] = head
  return {
    numbers: numbers.split('.'),
    letter,
    suffixes,
    revision: revision ?? '0',
    hasRevision: revision !== undefined,
    rest: rest.slice(tail?.[0].length),
  }
}

function takeSuffixes(text: string): Pick<ApkVersion, 'suffixes' | 'rest'> {
  const suffixes: { rank: number; number: string }[] = []
  let rest = text
  for (;;) {
    const [whole, word = '', number = ''] =
      /^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)([0-9]*)/.exec(rest) ?? []
    if (whole === undefined) return { suffixes, rest }
    suffixes.push({ rank: ranks[word] ?? 0, number })
    rest = rest.slice(whole.length)
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
  const [stopsA, stopsB] = [stopsAtRevision(a), stopsAtRevision(b)]
  // Beside one that goes on, all that stop are one: else two that are equal would stand on both sides of it.
  if (stopsA || stopsB) return Number(stopsA) - Number(stopsB)
  const [left, right] = [piecesOf(a.rest), piecesOf(b.rest)]
  for (const [index, x] of left.entries()) {
    const y = right[index]
    if (y === undefined) return 1
    const order = isDigits(x) && isDigits(y) ? compareDigits(x, y) : compareText(x, y)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Runs of digits whole, everything else character by character. */
function piecesOf(text: string): readonly string[] {
  return text.match(/[0-9]+|[^0-9]/gs) ?? []
}

function isDigits(text: string): boolean {
  return /^[0-9]/.test(text)
}

function stopsAtRevision(version: ApkVersion): boolean {
  return version.hasRevision || version.rest.startsWith('-')
}
