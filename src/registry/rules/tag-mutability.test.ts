import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns } from '../../../test/kit/fuzz-runs.ts'
import { digestOf } from '../../oci/digest.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { matchesAny, parseTagFilter, type TagFilter } from './tag-filter.ts'
import {
  decideTagWrite,
  filtersOf,
  modeOf,
  parseTagMutabilityMode,
  tagMutabilityModes,
  tagMutabilityOf,
  type TagMutability,
} from './tag-mutability.ts'

interface Case {
  readonly name: string
  readonly mode: string
  readonly filters: readonly string[]
  readonly immutable: readonly string[]
  readonly mutable: readonly string[]
}

const one = digestOf(Buffer.from('1'), 'sha256')
const other = digestOf(Buffer.from('2'), 'sha256')

function tagOf(text: string): Tag {
  const tag = parseTag(text)
  assert.ok(tag !== undefined, text)
  return tag
}

function filterOf(text: string): TagFilter {
  const reading = parseTagFilter(text)
  assert.ok(reading.kind === 'parsed', text)
  return reading.filter
}

function settingOf(modeText: string, filters: readonly string[]): TagMutability {
  const mode = parseTagMutabilityMode(modeText)
  assert.ok(mode !== undefined, modeText)
  const setting = tagMutabilityOf(mode, filters.map(filterOf))
  assert.ok(setting !== undefined, modeText)
  return setting
}

const file = new URL('cases/tag-mutability.json', import.meta.url)
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
for (const it of JSON.parse(readFileSync(file, 'utf8')) as readonly Case[]) {
  test(`${it.mode} ${it.filters.join(' ')}: ${it.name}`, () => {
    const setting = settingOf(it.mode, it.filters)
    for (const text of it.immutable) {
      const write = decideTagWrite(setting, tagOf(text), one, other)
      assert.deepEqual(write, { kind: 'refused', current: one }, text)
    }
    for (const text of it.mutable) {
      const write = decideTagWrite(setting, tagOf(text), one, other)
      assert.deepEqual(write, { kind: 'move', from: one }, text)
    }
    for (const text of [...it.immutable, ...it.mutable]) {
      assert.equal(decideTagWrite(setting, tagOf(text), undefined, other).kind, 'create')
      assert.equal(decideTagWrite(setting, tagOf(text), one, one).kind, 'same')
    }
  })
}

test('a setting has filters where its mode says so, and nowhere else', () => {
  for (const mode of tagMutabilityModes) {
    const isWith = mode.endsWith('_WITH_EXCLUSION')
    assert.equal(tagMutabilityOf(mode, []) === undefined, isWith, mode)
    const setting = tagMutabilityOf(mode, [filterOf('a*')])
    assert.equal(setting !== undefined, isWith, mode)
    if (setting === undefined) continue
    assert.deepEqual([modeOf(setting), filtersOf(setting)], [mode, ['a*']])
  }
  assert.deepEqual([modeOf('MUTABLE'), filtersOf('IMMUTABLE')], ['MUTABLE', []])
  assert.equal(parseTagMutabilityMode('mutable'), undefined)
})

test('refuses filters outside the grammar, and says which rule they break', () => {
  const refused: readonly (readonly [text: string, rule: string])[] = [
    ['', 'have a length of 1 to 128'],
    ['a'.repeat(129), 'have a length of 1 to 128'],
    ['a b', 'consist of the characters 0-9 a-z A-Z . _ - and *'],
    ['v?', 'consist of the characters 0-9 a-z A-Z . _ - and *'],
    ['ä*', 'consist of the characters 0-9 a-z A-Z . _ - and *'],
    ['a*\n', 'consist of the characters 0-9 a-z A-Z . _ - and *'],
    ['*a*b*', 'have at most 2 wildcards (*)'],
    ['***', 'have at most 2 wildcards (*)'],
  ]
  for (const [text, rule] of refused)
    assert.deepEqual(parseTagFilter(text), { kind: 'refused', rule }, text)
  assert.equal(parseTagFilter('*'.repeat(2) + 'a'.repeat(126)).kind, 'parsed')
})

const letters = fc.constantFrom('a', 'b', '-', '.')
const tags = fc
  .tuple(fc.constantFrom('a', 'b'), fc.array(letters, { maxLength: 30 }))
  .map(([first, rest]) => tagOf(first + rest.join('')))
const filters = fc
  .array(fc.oneof({ weight: 4, arbitrary: letters }, fc.constant('*')), {
    minLength: 1,
    maxLength: 20,
  })
  .map((parts) => parts.join(''))
  .filter((text) => text.split('*').length <= 3)
  .map(filterOf)

/** By the definition, without a thought for its cost. */
function matchesByDefinition(filter: string, tag: string): boolean {
  const [first, ...rest] = filter
  if (first === undefined) return tag === ''
  if (first !== '*')
    return tag.startsWith(first) && matchesByDefinition(rest.join(''), tag.slice(1))
  return Array.from({ length: tag.length + 1 }).some((_, at) =>
    matchesByDefinition(rest.join(''), tag.slice(at)),
  )
}

test('a filter matches as the definition of its wildcards says', () => {
  fc.assert(
    fc.property(filters, tags, (filter, tag) => {
      assert.equal(matchesAny([filter], tag), matchesByDefinition(filter, tag))
    }),
    { numRuns: fuzzRuns(300) },
  )
})

test('what a filter was made from matches it, and the two modes say the opposite of each other', () => {
  fc.assert(
    fc.property(fc.array(filters, { minLength: 1, maxLength: 5 }), tags, (list, tag) => {
      const whole = filterOf(tag.slice(0, 64))
      assert.ok(matchesAny([...list, filterOf(`${whole.slice(0, 1)}*`)], tag))
      const verdicts = ['MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'].map(
        (mode) => decideTagWrite(settingOf(mode, list), tag, one, other).kind,
      )
      assert.deepEqual(verdicts.toSorted(), ['move', 'refused'])
    }),
    { numRuns: fuzzRuns(100) },
  )
})

test('the cost of matching grows with the length of tag and filters, not with their product', () => {
  const stems = [
    `*${'a'.repeat(63)}b*`,
    `${'a'.repeat(60)}*${'a'.repeat(60)}*`,
    `*${'a'.repeat(126)}*`,
  ]
  for (const stem of stems) {
    const meter = { steps: 0 }
    matchesAny(
      Array.from({ length: 5 }, () => filterOf(stem)),
      tagOf('a'.repeat(128)),
      meter,
    )
    assert.ok(meter.steps <= 5 * 6 * 128, `${stem}: ${meter.steps} steps`)
  }
})
