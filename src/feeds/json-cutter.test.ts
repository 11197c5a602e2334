import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutJson, type CutValue, type JsonPath } from './json-cutter.ts'

const limits = { maxValueBytes: 10_000, maxTotalBytes: 1_000_000 }

async function cut(text: string, path: JsonPath, step = text.length): Promise<readonly CutValue[]> {
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += Math.max(1, step))
    pieces.push(bytes.subarray(at, at + Math.max(1, step)))
  const found: CutValue[] = []
  for await (const value of cutJson(Readable.from(pieces), path, limits)) found.push(value)
  return found
}

test('cuts values by their place, with names and lines', async () => {
  const text = '{"a": {"x": 1,\n"y\\u0041": {"q": "}\\"{"}},\n"b": {"x": "s"}, "c": 7}'
  assert.deepEqual(await cut(text, ['*', '*']), [
    { kind: 'value', line: 1, keys: ['a', 'x'], text: '1' },
    { kind: 'value', line: 2, keys: ['a', 'yA'], text: '{"q": "}\\"{"}' },
    { kind: 'value', line: 3, keys: ['b', 'x'], text: '"s"' },
  ])
  assert.deepEqual(await cut('{"p": [1, [2], {"p": 3}], "q": [4]}', ['p', '*']), [
    { kind: 'value', line: 1, keys: ['p', '0'], text: '1' },
    { kind: 'value', line: 1, keys: ['p', '1'], text: '[2]' },
    { kind: 'value', line: 1, keys: ['p', '2'], text: '{"p": 3}' },
  ])
})

test('tells a value that is too long, and goes on', async () => {
  const found = await cut(`{"a": "${'x'.repeat(20_000)}", "b": 1}`, ['*'])
  assert.deepEqual(found, [
    { kind: 'too-long', line: 1, keys: ['a'] },
    { kind: 'value', line: 1, keys: ['b'], text: '1' },
  ])
})

test('refuses what is no whole document', async () => {
  for (const text of [
    '',
    ' ',
    '{"a": 1',
    '{"a": {"b": "',
    '[1, 2',
    '{]',
    '}',
    '{} {}',
    '{} x',
    '<html>',
    '['.repeat(100),
    `{"${'k'.repeat(5000)}": 1}`,
  ])
    await assert.rejects(cut(text, ['*', '*']), { name: 'FeedError' }, text.slice(0, 20))
})

test('gives what JSON.parse has at the place, however the bytes come', async () => {
  const document = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()))
  await fc.assert(
    fc.asyncProperty(
      document,
      fc.nat({ max: 20 }),
      fc.nat({ max: 2 }),
      async (value, step, indent) => {
        const found = await cut(JSON.stringify(value, undefined, indent), ['*', '*'], step)
        const expected = Object.entries(value).flatMap(([outer, members]) =>
          Object.entries(members).map(([inner, member]) => [outer, inner, JSON.stringify(member)]),
        )
        const told = found.map((one) => [
          ...one.keys,
          one.kind === 'value' ? JSON.stringify(JSON.parse(one.text)) : one.kind,
        ])
        assert.deepEqual(told, expected)
      },
    ),
    { numRuns: 200 },
  )
})
