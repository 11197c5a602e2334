import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson, type StrictJson } from './strict-json.ts'

const known = ['mediaType', 'layers', 'blobs', 'annotations', 'config', 'mark']

function parse(text: string | Uint8Array): StrictJson {
  return parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text, known)
}

function jsonOf(text: string): unknown {
  return JSON.parse(text)
}

function refusalOf(text: string | Uint8Array): string {
  const result = parse(text)
  return result.kind === 'refused' ? result.reason : `parsed ${JSON.stringify(result.value)}`
}

interface Refused {
  readonly name: string
  readonly input: string | Uint8Array
  readonly reason: RegExp
}

const refused: readonly Refused[] = [
  { name: 'no bytes', input: '', reason: /^is not JSON/ },
  { name: 'blanks', input: ' \n', reason: /^is not JSON/ },
  { name: 'an unfinished object', input: '{', reason: /^is not JSON/ },
  { name: 'an unfinished string', input: '{"a', reason: /^is not JSON/ },
  { name: 'a key that ends in a backslash', input: '{"a\\', reason: /^is not JSON/ },
  { name: 'bytes behind the value', input: '{}x', reason: /^is not JSON/ },
  { name: 'two values', input: '{}{}', reason: /^is not JSON/ },
  { name: 'closing brackets only', input: ']]]}}}', reason: /^is not JSON/ },
  { name: 'brackets that cross', input: '{"a":[}]', reason: /^is not JSON/ },
  { name: 'a comment', input: '{/* */}', reason: /^is not JSON/ },
  { name: 'a comma at the end', input: '{"a":1,}', reason: /^is not JSON/ },
  { name: 'single quotes', input: "{'a':1}", reason: /^is not JSON/ },
  { name: 'a byte order mark', input: '\uFEFF{}', reason: /byte order mark/ },
  { name: 'bytes that are not UTF-8', input: Buffer.from([0x7b, 0xff, 0x7d]), reason: /UTF-8/ },
  { name: 'UTF-16', input: Buffer.from('{}', 'utf16le'), reason: /^is not JSON/ },
  { name: 'an overlong encoding', input: Buffer.from([0x22, 0xc0, 0xaf, 0x22]), reason: /UTF-8/ },
  { name: 'nesting of objects', input: '{"a":'.repeat(33), reason: /deeper than 32/ },
  { name: 'nesting of lists', input: '['.repeat(1_000_000), reason: /deeper than 32/ },
  { name: 'a key twice', input: '{"a":1,"a":2}', reason: /has the key "a" twice/ },
  { name: 'a key twice, once escaped', input: '{"a":1,"\\u0061":2}', reason: /twice/ },
  { name: 'a key twice, far apart', input: '{"a":{"b":[1,{}]} ,"a" : 2}', reason: /twice/ },
  { name: 'a key twice within', input: '[{"x":{"a":1,"a":1}}]', reason: /twice/ },
  { name: '__proto__ twice', input: '{"__proto__":1,"__proto__":2}', reason: /twice/ },
  { name: 'the empty key twice', input: '{"":1,"":2}', reason: /twice/ },
  { name: 'a key twice in annotations', input: '{"annotations":{"a":1,"a":2}}', reason: /twice/ },
  { name: 'a known key in other case', input: '{"Layers":[]}', reason: /read as "layers"/ },
  { name: 'both cases', input: '{"layers":[],"LAYERS":[]}', reason: /read as "layers"/ },
  { name: 'other case, escaped', input: '{"\\u004cayers":[]}', reason: /read as "layers"/ },
  { name: 'other case within', input: '{"a":[{"MediaType":1}]}', reason: /read as "mediaType"/ },
  // Go's encoding/json folds by Unicode: U+017F is an s to it, U+212A a k.
  { name: 'a long s', input: '{"layer\u017f":[]}', reason: /read as "layers"/ },
  { name: 'a long s, escaped', input: '{"blob\\u017F":[]}', reason: /read as "blobs"/ },
  { name: 'the sign for kelvin', input: '{"mar\u212a":1}', reason: /read as "mark"/ },
  {
    name: 'other case behind annotations',
    input: '{"annotations":"x","Layers":[]}',
    reason: /read as "layers"/,
  },
  {
    name: 'other case behind annotations that are an object',
    input: '{"annotations":{"Layers":1},"Layers":[]}',
    reason: /read as "layers"/,
  },
]

test('refuses what two parsers would read differently', () => {
  for (const { name, input, reason } of refused) assert.match(refusalOf(input), reason, name)
})

test('accepts what can be read in one way only', () => {
  const accepted = [
    '{}',
    '[]',
    'null',
    ' \r\n\t{ "a" : 1 } \n',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a":"a","b":"a"}',
    '{"a":"layers: {\\"a\\":1,\\"a\\":2}"}',
    '{"a\\\\":1,"a\\"":2,"a":3}',
    '{"annotations":{"Layers":"x","MEDIATYPE":"y","nested":{"Config":1}}}',
    '{"a":["Layers","Layers"]}',
    '{"layers":[],"layer":[]}',
    '{"__proto__":{"x":1},"constructor":2}',
    `${'['.repeat(32)}${']'.repeat(32)}`,
    '{"\u{1F600}":"\\ud800"}',
  ]
  for (const text of accepted) {
    assert.deepEqual(parse(text), { kind: 'parsed', value: jsonOf(text) }, text)
  }
})

test('a key named __proto__ stays a key and reaches no prototype', () => {
  const result = parse('{"__proto__":{"layers":[]}}')
  assert.ok(result.kind === 'parsed' && typeof result.value === 'object' && result.value !== null)
  assert.ok(!('layers' in result.value))
})

test('accepts what JSON.stringify writes of objects with keys that are not ours', () => {
  const keys = fc.string({ unit: 'binary' }).filter((key) => !/[\ud800-\udfff]/.test(key))
  const value = fc.jsonValue({ maxDepth: 10 })
  fc.assert(
    fc.property(fc.dictionary(keys, value), (document) => {
      const text = JSON.stringify(document)
      const folded = known.map((key) => key.toLowerCase())
      fc.pre(!folded.some((key) => text.toLowerCase().includes(key)))
      const bytes = Buffer.from(text)
      assert.deepEqual(parse(bytes), { kind: 'parsed', value: jsonOf(bytes.toString()) })
    }),
  )
})

test('no bytes make the parser throw, and what it parses is what JSON.parse parses', () => {
  const text = fc.string({
    unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', 'A', '1', ' ', 'u'),
    maxLength: 60,
  })
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (input) => {
      const result = parse(input)
      if (result.kind === 'parsed') assert.deepEqual(result.value, JSON.parse(input))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.ok(['parsed', 'refused'].includes(parse(bytes).kind))
    }),
  )
})

test('four MiB of quotes, backslashes or blanks are read in one pass', () => {
  const size = 4 * 1024 * 1024
  for (const piece of ['"', '\\', '\\"', ' ', '"" ', '{"":', '"":', ',"a" ']) {
    const text = piece.repeat(Math.floor(size / piece.length))
    assert.match(refusalOf(text), /is not JSON|deeper/, piece)
    assert.match(refusalOf(`{"${text}`), /is not JSON|twice|deeper/, piece)
  }
})

test('keys are counted: more than manifests can need are refused before they are parsed', () => {
  const keys = Array.from({ length: 131_073 }, (_, index) => `"${index}":0`)
  assert.match(refusalOf(`{${keys.join()}}`), /more than 131072 keys/)
  assert.equal(parse(`{${keys.slice(1).join()}}`).kind, 'parsed')
})

test('objects and lists are counted as keys are: two million empty ones take more than a second', () => {
  const lists = (count: number): string => `[${'[],'.repeat(count - 2)}{}]`
  assert.match(refusalOf(lists(131_073)), /more than 131072 objects and lists/)
  assert.equal(parse(lists(131_072)).kind, 'parsed')
})
