// Purpose:  order two versions of Maven artifacts.
// Spec:     Apache Maven, POM reference "Version Order Specification", as ComparableVersion of 3.9 carries it out.
// Input:    version text as found in pom.properties, a manifest, a file name or an advisory; may be hostile.
// Deviates: nothing that Maven orders; it orders any text, also what is no version.
// Unknowns: empty text, ranges and unresolved properties (`[1,2)`, `${revision}`) → 'unparsable', never an order.
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'
import type { Comparison } from '../ecosystem.ts'

type Item =
  | { readonly kind: 'number'; readonly digits: string }
  | { readonly kind: 'qualifier'; readonly rank: string }
  | { readonly kind: 'list'; readonly items: readonly Item[] }

/** In their order; the empty one is the release itself. What is none of these comes after, by its letters. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'] as const
const releaseRank = rankOf('')
const aliases: ReadonlyMap<string, string> = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
])
/** Only before a digit. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
])

export function compareMavenVersions(a: string, b: string): Comparison {
  if (!isVersion(a)) return { kind: 'unparsable', text: a }
  if (!isVersion(b)) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareLists(parse(a), parse(b)) }
}

function isVersion(text: string): boolean {
  return text.length <= maxVersionLength && /[A-Za-z0-9]/.test(text) && !/[\s[\](),${}]/.test(text)
}

/** Lists within lists: each hyphen, and each change between letters and digits, begins one in the one before. */
function parse(text: string): readonly Item[] {
  const lists: Item[][] = [[]]
  const pieces = text.toLowerCase().match(/[0-9]+|[^0-9.-]+|[.-]/g) ?? []
  for (const [index, piece] of pieces.entries()) {
    const current = lists.at(-1) ?? []
    if (isSeparator(piece)) {
      // Nothing between two points stands for 0.
      if (index === 0 || isSeparator(pieces[index - 1])) current.push(number('0'))
      if (piece === '-') lists.push([])
      continue
    }
    lists.push(...listsWith(piece, pieces[index + 1], current))
  }
  return nest(lists)
}

/** Adds the item to the current list, or to one in it; gives the lists that this begins. */
function listsWith(piece: string, next: string | undefined, current: Item[]): readonly Item[][] {
  const isChange = next !== undefined && !isSeparator(next)
  if (/^[0-9]/.test(piece)) {
    current.push(number(piece))
    return isChange ? [[]] : []
  }
  const item = qualifier(piece, isChange)
  // `1.x2` stands for `1-x2`: a qualifier before digits, or at the end, never continues the numbers before it.
  const isApart = (isChange || next === undefined) && current.length > 0
  if (!isApart) current.push(item)
  return [...(isApart ? [[item]] : []), ...(isChange ? [[]] : [])]
}

function isSeparator(piece: string | undefined): boolean {
  return piece === '.' || piece === '-'
}

/** From the innermost list out, each without the nulls at its end. */
function nest(lists: readonly Item[][]): readonly Item[] {
  let inner: readonly Item[] | undefined
  for (const items of lists.toReversed())
    inner = trim(inner === undefined ? items : [...items, { kind: 'list', items: inner }])
  return inner ?? []
}

/** Nulls before a list at the end go as well: `1.0-x` is `1-x`. */
function trim(items: readonly Item[]): readonly Item[] {
  const kept = [...items]
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const item = kept[index]
    if (item === undefined || isNull(item)) kept.splice(index, 1)
    else if (item.kind !== 'list') break
  }
  return kept
}

function isNull(item: Item): boolean {
  if (item.kind === 'number') return item.digits === ''
  return item.kind === 'list' ? item.items.length === 0 : item.rank === releaseRank
}

/** Without leading zeros, so that zero is empty. */
function number(run: string): Item {
  return { kind: 'number', digits: run.replace(/^0+/, '') }
}

function qualifier(run: string, isBeforeDigit: boolean): Item {
  const name = isBeforeDigit ? (shortNames.get(run) ?? run) : run
  return { kind: 'qualifier', rank: rankOf(aliases.get(name) ?? name) }
}

/** Text whose order is that of the qualifiers. */
function rankOf(name: string): string {
  const index = qualifiers.findIndex((known) => known === name)
  return index === -1 ? `${qualifiers.length}-${name}` : String(index)
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index], b[index]]
    const order = x === undefined ? -compareToNothing(y) : compareItems(x, y)
    if (order !== 0) return order
  }
  return 0
}

function compareItems(a: Item, b: Item | undefined): number {
  if (b === undefined) return compareToNothing(a)
  if (a.kind === 'number' && b.kind === 'number') return compareDigits(a.digits, b.digits)
  if (a.kind === 'qualifier' && b.kind === 'qualifier') return compareText(a.rank, b.rank)
  if (a.kind === 'list' && b.kind === 'list') return compareLists(a.items, b.items)
  return kindOrder[a.kind] - kindOrder[b.kind]
}

const kindOrder = { qualifier: 0, list: 1, number: 2 } as const

function compareToNothing(item: Item | undefined): number {
  if (item === undefined) return 0
  if (item.kind === 'number') return item.digits === '' ? 0 : 1
  if (item.kind === 'qualifier') return compareText(item.rank, releaseRank)
  return item.items.map(compareToNothing).find((order) => order !== 0) ?? 0
}
