import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRecordTexts } from './record-texts.ts'
import type { RecordText } from './record-text.ts'

const limits = { maxRecordBytes: 100, maxTotalBytes: 10_000 }

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function read(text: string | Uint8Array, size = 7): Promise<readonly RecordText[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const records: RecordText[] = []
  for await (const record of readRecordTexts(chunksOf(bytes, size), limits)) records.push(record)
  return records
}

const cases: readonly (readonly [name: string, text: string, expected: readonly unknown[]])[] = [
  ['nothing from nothing', '', []],
  ['nothing from blank lines', '\n \r\n\t\n', []],
  [
    'a record a line, the last without an end',
    '{"a":1}\r\n\n{"b":2}',
    [
      [1, { a: 1 }],
      [3, { b: 2 }],
    ],
  ],
  ['a byte order mark away', '\uFEFF{"a":1}\n', [[1, { a: 1 }]]],
  [
    'a list',
    '[{"a":[1,"]}"]},\n {"b":"\\"{"}]',
    [
      [1, { a: [1, ']}'] }],
      [2, { b: '"{' }],
    ],
  ],
  ['an empty list', '[]', []],
  [
    'documents over several lines',
    '{\n "a": 1\n}\n{\n "b": 2\n}\n',
    [
      [1, { a: 1 }],
      [4, { b: 2 }],
    ],
  ],
  [
    'a line that is too long as unreadable',
    `${'x'.repeat(101)}\n{"a":1}`,
    [
      [1, 'longer than 100 bytes'],
      [2, { a: 1 }],
    ],
  ],
  [
    'a record of a list that is too long as unreadable',
    `[{"x":"${'x'.repeat(101)}"},{"a":1}]`,
    [
      [1, 'longer than 100 bytes'],
      [1, { a: 1 }],
    ],
  ],
  [
    'a document that has no end as unreadable',
    '{\n"a":{',
    [[1, 'the text ends inside this record']],
  ],
  [
    'a list that has no end as unreadable',
    '[{"a":1},',
    [
      [1, { a: 1 }],
      [1, 'the list has no end'],
    ],
  ],
  [
    'what is no record in a list as unreadable',
    '[1, 2,{"a":1}]',
    [
      [1, 'text outside of a record'],
      [1, { a: 1 }],
    ],
  ],
]

for (const [name, text, expected] of cases) {
  test(`reads ${name}`, async () => {
    const records = await read(text)
    const shown = records.map((record) => [
      record.line,
      record.kind === 'text' ? (JSON.parse(record.text) as unknown) : record.reason,
    ])
    assert.deepEqual(shown, expected)
  })
}

test('refuses more bytes in all than allowed', async () => {
  await assert.rejects(read('{}\n'.repeat(4000)), { name: 'FeedError', fault: 'too-large' })
})

test('reads any bytes, cut in any way, to the same end', async () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', '\n', ' ', 'x', '{"a":1}', '1')
  const text = fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 50 }), async (value, size) => {
      assert.deepEqual(await read(value, size), await read(value, 10_000))
    }),
  )
})
