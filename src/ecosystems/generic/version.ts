// Purpose:  order two versions of programs as their makers number them: nginx, OpenSSL, PostgreSQL, Ruby …
// Spec:     Semantic Versioning 2.0.0 where it holds (Bitnami's advisories are of type SEMVER); openssl-versioning's letters.
// Input:    version text from a program or an advisory; may be hostile.
// Deviates: any number of numbers; letters or `p` and a number after them are patch levels (1.1.1w, 1.9.3p551); 15beta4 is before 15.
// Unknowns: other words after the numbers → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'
import { compareSemantic, type SemanticVersion } from '../semver.ts'

interface ProgramVersion extends SemanticVersion {
  /** `w`, `zb`; empty for none. */
  readonly letters: string
  /** Of `p551`; empty for none. */
  readonly patchLevel: string
}

const grammar =
  /^v?([0-9]+(?:\.[0-9]+)*)(?:(alpha|beta|rc|RC|a|b)([0-9]+)|p([0-9]+)|([a-z]{1,2}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?$/

export function compareProgramVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareSemantic({ ...left, preRelease: [] }, { ...right, preRelease: [] }) ||
    compareLetters(left.letters, right.letters) ||
    compareDigits(left.patchLevel, right.patchLevel) ||
    compareSemantic(left, right)
  return { kind: 'ordered', order }
}

function parse(text: string): ProgramVersion | undefined {
  const match = text.length > maxVersionLength ? null : grammar.exec(text)
  if (match === null) return undefined
  const [, numbers = '', word, number, patchLevel = '', letters = '', preRelease] = match
  const early = word === undefined || number === undefined ? [] : [word.toLowerCase(), number]
  return {
    numbers: numbers.split('.'),
    letters,
    patchLevel,
    preRelease: [...early.map(shortened), ...(preRelease?.split('.') ?? [])],
  }
}

/** 3.13.0a1 and 3.13.0alpha1 are one. */
function shortened(word: string): string {
  return word === 'a' ? 'alpha' : word === 'b' ? 'beta' : word
}

/** z is followed by za. */
function compareLetters(a: string, b: string): number {
  return a.length - b.length || compareText(a, b)
}
