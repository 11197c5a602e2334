import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  maxDocumentLength,
  pointerToken,
  quoted,
  readStrictJson,
  type JsonValue,
} from './strict-json.ts'

interface Refusal {
  readonly text: string
  readonly problem: RegExp
  readonly at: string
}

/** `at` is the pointer, then line and column. */
const refusals: readonly Refusal[] = [
  { text: '', problem: /a value is expected, and the end of the text/, at: ' 1:1' },
  { text: ' \n ', problem: /a value is expected/, at: ' 2:2' },
  { text: '\uFEFF{}', problem: /"\\ufeff" may not stand/, at: ' 1:1' },
  { text: '{"a":\n "\u0100"}', problem: /"\\u0100" may not stand/, at: ' 2:3' },
  { text: '{"a":"\u{1F600}"}', problem: /"\\ud83d\\ude00" may not stand/, at: ' 1:7' },
  { text: '{"a":"\0"}', problem: /"\\u0000" may not stand/, at: ' 1:7' },
  { text: '{} {}', problem: /more text behind the end/, at: ' 1:4' },
  { text: '{}]', problem: /more text behind the end/, at: ' 1:3' },
  { text: '{"a":1,}', problem: /a member's name in double quotes .* "}" stands here/, at: ' 1:8' },
  { text: '[1,]', problem: /a value is expected, and "\]"/, at: '/1 1:4' },
  { text: '[1 2]', problem: /a comma or \] is expected, and "2"/, at: ' 1:4' },
  { text: '{"a":1 "b":2}', problem: /a comma or } is expected/, at: ' 1:8' },
  { text: '{"a" 1}', problem: /a colon is expected behind "a"/, at: '/a 1:6' },
  { text: '{"a":1', problem: /a comma or } .* the end of the text/, at: ' 1:7' },
  { text: "{'a':1}", problem: /a member's name in double quotes/, at: ' 1:2' },
  { text: '{a:1}', problem: /a member's name in double quotes/, at: ' 1:2' },
  { text: '{// no\n"a":1}', problem: /a member's name in double quotes .* "\/"/, at: ' 1:2' },
  { text: '{"a":/* */1}', problem: /a value is expected, and "\/"/, at: '/a 1:6' },
  { text: '"open', problem: /a string does not end before the end of the text/, at: ' 1:6' },
  { text: '"two\nlines"', problem: /a string does not end before the end of the line/, at: ' 1:5' },
  { text: '"a\tb"', problem: /a string does not end before "\\t"/, at: ' 1:3' },
  { text: '{"open', problem: /a string does not end/, at: ' 1:7' },
  { text: String.raw`"\x"`, problem: /no escape begins with \\x/, at: ' 1:2' },
  { text: String.raw`"\u12g4"`, problem: /no escape begins with \\u/, at: ' 1:2' },
  { text: String.raw`"\u12`, problem: /no escape begins with \\u/, at: ' 1:2' },
  { text: '"\\', problem: /no escape begins with/, at: ' 1:2' },
  { text: String.raw`"\ud83d"`, problem: /half a character/, at: ' 1:9' },
  { text: String.raw`"\u0000"`, problem: /a control character/, at: ' 1:2' },
  { text: String.raw`"\b"`, problem: /a control character/, at: ' 1:2' },
  { text: '01', problem: /more text/, at: ' 1:2' },
  { text: '+1', problem: /a value is expected/, at: ' 1:1' },
  { text: '.5', problem: /a value is expected/, at: ' 1:1' },
  { text: '1.', problem: /more text/, at: ' 1:2' },
  { text: '0x10', problem: /more text/, at: ' 1:2' },
  { text: 'NaN', problem: /a value is expected/, at: ' 1:1' },
  { text: 'tru', problem: /a value is expected, and "t"/, at: ' 1:1' },
  { text: 'nullx', problem: /more text/, at: ' 1:5' },
  { text: '{"a":1,"a":2}', problem: /the member "a" is given twice/, at: '/a 1:8' },
  { text: String.raw`{"a":{"b":1,"\u0062":2}}`, problem: /"b" is given twice/, at: '/a/b 1:13' },
  { text: '{"__proto__":1,"__proto__":2}', problem: /given twice/, at: '/__proto__ 1:16' },
  { text: '[[[[[[[1]]]]]]]', problem: /nested 7 deep/, at: '/0/0/0/0/0/0 1:7' },
  { text: '['.repeat(100_000), problem: /nested 7 deep/, at: '/0/0/0/0/0/0 1:7' },
  { text: '{"a":'.repeat(20_000), problem: /nested 7 deep/, at: '/a/a/a/a/a/a 1:31' },
  { text: ' '.repeat(131_073), problem: /has 131073 characters, and 131072 are/, at: ' 1:1' },
]

test('refuses what is no JSON, or not of a policy’s characters, and says where', () => {
  for (const { text, problem, at } of refusals) {
    const read = readStrictJson(text)
    const shown = JSON.stringify(text.slice(0, 40))
    assert.equal(read.kind, 'unreadable', shown)
    if (read.kind !== 'unreadable') continue
    assert.match(read.fault.problem, problem, shown)
    const { pointer, line, column } = read.fault.at
    assert.equal(`${pointer} ${line}:${column}`, at, shown)
  }
})

test('gives each value and each member its place', () => {
  const text = '{\r\n  "a/b~c": [1.0,\n\t"x"],\n  "d": {"e": false}\n}'
  assert.deepEqual(readStrictJson(text), {
    kind: 'read',
    root: {
      kind: 'object',
      at: { pointer: '', line: 1, column: 1 },
      members: [
        {
          name: 'a/b~c',
          at: { pointer: '/a~1b~0c', line: 2, column: 3 },
          value: {
            kind: 'array',
            at: { pointer: '/a~1b~0c', line: 2, column: 12 },
            items: [
              { kind: 'number', value: '1.0', at: { pointer: '/a~1b~0c/0', line: 2, column: 13 } },
              { kind: 'string', value: 'x', at: { pointer: '/a~1b~0c/1', line: 3, column: 2 } },
            ],
          },
        },
        {
          name: 'd',
          at: { pointer: '/d', line: 4, column: 3 },
          value: {
            kind: 'object',
            at: { pointer: '/d', line: 4, column: 8 },
            members: [
              {
                name: 'e',
                at: { pointer: '/d/e', line: 4, column: 9 },
                value: {
                  kind: 'boolean',
                  value: 'false',
                  at: { pointer: '/d/e', line: 4, column: 14 },
                },
              },
            ],
          },
        },
      ],
    },
  })
})

test('names that mean something to JavaScript are names like any other', () => {
  const read = readStrictJson('{"__proto__":{"isAdmin":true},"constructor":1,"toString":2}')
  assert.ok(read.kind === 'read' && read.root.kind === 'object')
  const names = read.root.members.map(({ name }) => name)
  assert.deepEqual(names, ['__proto__', 'constructor', 'toString'])
})

function plainOf(value: JsonValue): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(value.members.map((one) => [one.name, plainOf(one.value)]))
    case 'array':
      return value.items.map(plainOf)
    case 'null':
      return null
    case 'number':
      return Number(value.value)
    case 'boolean':
      return value.value === 'true'
    case 'string':
    default:
      return value.value
  }
}

test('what it reads is what JSON.parse reads', () => {
  const latin = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  })
  const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme-ascii' })
  fc.assert(
    fc.property(fc.oneof(value, latin), fc.constantFrom(0, 1, '\t'), (given, indent) => {
      const text = JSON.stringify(given, null, indent)
      const read = readStrictJson(text)
      assert.ok(read.kind === 'read', text)
      assert.deepEqual(plainOf(read.root), JSON.parse(text))
    }),
  )
})

test('a text that JSON.parse refuses is refused', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    'true',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      if (readStrictJson(text).kind === 'read') JSON.parse(text)
    }),
    { numRuns: 2000 },
  )
})

test('the longest document is read, and one character more is not', () => {
  const text = JSON.stringify('a'.repeat(maxDocumentLength - 2))
  assert.equal(readStrictJson(text).kind, 'read')
  assert.equal(readStrictJson(`${text} `).kind, 'unreadable')
})

test('text for a sentence is short and of printable ASCII', () => {
  assert.equal(quoted('a"b\r\nü'), String.raw`"a\"b\r\n\u00fc"`)
  assert.equal(quoted('x'.repeat(90)), `"${'x'.repeat(77)}..."`)
  assert.equal(pointerToken('a~/b'), 'a~0~1b')
})
