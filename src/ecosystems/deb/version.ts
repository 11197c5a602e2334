// Purpose:  order two Debian package versions.
// Spec:     Debian Policy 5.6.12, deb-version(7).
// Input:    version text as found in dpkg's status or in an advisory; may be hostile.
// Deviates: an empty revision equals "0", as dpkg does and the policy's text does not say.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface DebVersion {
  readonly epoch: string
  readonly upstream: string
  readonly revision: string
}

export function compareDebVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  return { kind: 'ordered', order }
}

function parse(text: string): DebVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const match = /^(?:([0-9]+):)?([A-Za-z0-9.+~:_-]+)$/.exec(text.trim())
  const rest = match?.[2]
  if (rest === undefined) return undefined
  const dash = rest.lastIndexOf('-')
  const epoch = match?.[1] ?? '0'
  return dash === -1
    ? { epoch, upstream: rest, revision: '0' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) }
}

/** Alternately a run without digits, by weight of its characters, and a run of digits, by value. */
function comparePart(a: string, b: string): number {
  const [left, right] = [runs(a), runs(b)]
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [left[index] ?? '', right[index] ?? '']
    const order = index % 2 === 0 ? compareWords(x, y) : compareDigits(x, y)
    if (order !== 0) return order
  }
  return 0
}

/** Even places hold text without digits (perhaps empty), odd ones digits. */
function runs(text: string): readonly string[] {
  return text.split(/([0-9]+)/)
}

function compareWords(a: string, b: string): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const order = weight(a.charAt(index)) - weight(b.charAt(index))
    if (order !== 0) return order
  }
  return compareText(a, b)
}

/** `~` before the end, the end before letters, letters before everything else. */
function weight(character: string): number {
  if (character === '~') return -1
  if (character === '') return 0
  const code = character.charCodeAt(0)
  return /[A-Za-z]/.test(character) ? code : code + 256
}
