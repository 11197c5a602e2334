import type { Comparison } from './ecosystem.ts'
import { compareDigits, maxVersionLength } from './digits.ts'

/**
 * Numbers between separators, compared one by one; of two that begin alike the longer one is higher. Unparsable where
 * the text is not of `grammar`, which has to allow digits and separators only.
 */
export function compareDotted(a: string, b: string, grammar: RegExp): Comparison {
  for (const text of [a, b]) {
    if (text.length > maxVersionLength || !grammar.test(text)) return { kind: 'unparsable', text }
  }
  const [left, right] = [a.match(/[0-9]+/g) ?? [], b.match(/[0-9]+/g) ?? []]
  for (const [index, x] of left.entries()) {
    const y = right[index]
    if (y === undefined) return { kind: 'ordered', order: 1 }
    const order = compareDigits(x, y)
    if (order !== 0) return { kind: 'ordered', order }
  }
  return { kind: 'ordered', order: left.length - right.length }
}
