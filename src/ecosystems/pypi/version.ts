// Purpose:  order two Python package versions.
// Spec:     PEP 440, by @renovatebot/pep440; versions from before it below all that follow it.
// Input:    version text as found in METADATA or in an advisory; may be hostile.
// Deviates: legacy versions are ordered among themselves as setuptools did before PEP 440 was enforced.
// Unknowns: empty text and text without a letter or digit → 'unparsable', never an order.
import { compare, valid } from '@renovatebot/pep440'
import type { Comparison } from '../ecosystem.ts'
import { compareText, maxVersionLength } from '../digits.ts'

export function comparePep440Versions(a: string, b: string): Comparison {
  const [left, right] = [kindOf(a), kindOf(b)]
  if (left === 'none') return { kind: 'unparsable', text: a }
  if (right === 'none') return { kind: 'unparsable', text: b }
  if (left === 'pep440' && right === 'pep440')
    return { kind: 'ordered', order: compare(a.trim(), b.trim()) }
  if (left !== right) return { kind: 'ordered', order: left === 'legacy' ? -1 : 1 }
  return { kind: 'ordered', order: compareLegacy(a, b) }
}

function kindOf(text: string): 'pep440' | 'legacy' | 'none' {
  if (text.length > maxVersionLength || !/[A-Za-z0-9]/.test(text)) return 'none'
  return valid(text.trim()) === null ? 'legacy' : 'pep440'
}

function compareLegacy(a: string, b: string): number {
  const [left, right] = [legacyKey(a), legacyKey(b)]
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [left[index], right[index]]
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    const order = compareText(x, y)
    if (order !== 0) return order
  }
  return 0
}

const replacements: Readonly<Record<string, string>> = {
  pre: 'c',
  preview: 'c',
  '-': 'final-',
  rc: 'c',
  dev: '@',
}

/** setuptools' parse_version of old: numbers padded to one width, words marked with a star, zeros before a word dropped. */
function legacyKey(text: string): readonly string[] {
  const key: string[] = []
  const parts = text.toLowerCase().match(/[0-9]+|[a-z]+|\.|-/g) ?? []
  for (const raw of [...parts, 'final']) {
    const part = replacements[raw] ?? raw
    if (part === '.') continue
    if (/^[0-9]/.test(part)) {
      key.push(part.padStart(8, '0'))
      continue
    }
    const word = `*${part}`
    if (word < '*final') while (key.at(-1) === '*final-') key.pop()
    while (key.at(-1) === '00000000') key.pop()
    key.push(word)
  }
  return key
}
