import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import { bytesOf, ownCases, publicCases } from '../../test/kit/extractor-cases.ts'
import { fuzzRuns } from '../../test/kit/fuzz-runs.ts'
import { readYaml } from './documents.ts'
import { readPlainYaml } from './plain-yaml.ts'

/** What the complete reader says; undefined where it finds an error. */
function complete(text: string): unknown {
  const read = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
  })
  const documents = Array.isArray(read) ? read : []
  if (documents.some(({ errors }) => errors.length > 0)) return undefined
  return emptied(documents.map((one) => one.toJS() as unknown))
}

/** A value that is not there is null for the one and empty for the other. */
function emptied(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, it: unknown) => it ?? '')
}

const isYaml = /\.ya?ml$|pubspec\.lock$|Podfile\.lock$|stack\.yaml\.lock$/

test('lock files of tools: as the complete reader reads them', () => {
  const own = ownCases().filter(({ path }) => isYaml.test(path))
  const others = (publicCases() ?? []).filter(
    ({ origin, path }) => isYaml.test(path) || /pubspec|dart|podfile|cocoapods|pnpm/.test(origin),
  )
  let read = 0
  for (const { path, file } of [...own, ...others]) {
    const text = bytesOf(file).toString()
    const plain = readPlainYaml(text)
    if (plain === undefined) continue
    read += 1
    assert.deepEqual(emptied(plain), complete(text), path)
  }
  assert.ok(read > 4, String(read))
})

test('each form that tools write', () => {
  const text = [
    '# comment',
    "lockfileVersion: '9.0' # text",
    'empty:',
    '"quoted \\" key": it\'s',
    "'@s/a@1.0.0':",
    '  resolution: {integrity: sha512-a/b==, tarball: https://example.org/a.tgz, os: [linux, "a b"]}',
    '  list:',
    '  - a',
    '  - b: 1',
    '    c: 2',
    '  -',
    '    - nested',
    '  text: |-',
    '    not: read',
    '  url: http://example.org/#x',
    'last: 1.10',
  ].join('\n')
  assert.deepEqual(readPlainYaml(text), [
    {
      lockfileVersion: '9.0',
      empty: '',
      'quoted " key': "it's",
      '@s/a@1.0.0': {
        resolution: {
          integrity: 'sha512-a/b==',
          tarball: 'https://example.org/a.tgz',
          os: ['linux', 'a b'],
        },
        list: ['a', { b: '1', c: '2' }, ['nested']],
        text: '',
        url: 'http://example.org/#x',
      },
      last: '1.10',
    },
  ])
  assert.deepEqual(readPlainYaml('---\na: 1\n---\nb: 2\n'), [{ a: '1' }, { b: '2' }])
  assert.deepEqual(readPlainYaml('__proto__: {constructor: 1}'), [
    Object.fromEntries([['__proto__', { constructor: '1' }]]),
  ])
})

test('what is not of the subset is left to the complete reader', () => {
  for (const text of [
    'a: &x 1',
    'a: *x',
    'a: !!str 1',
    'a: b: c',
    'a: 1\n  b: 2',
    'a:\n\tb: 1',
    '%YAML 1.2\n---\na: 1',
    '? a\n: b',
    'a: "x\\x41"',
    'a: [b',
    'a: {b: 1} c',
    'a:\n    b: 1\n  c: 2',
    '- a\nb: 1',
    'a: one\n  two',
    `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  ])
    assert.equal(readPlainYaml(text), undefined, text)
})

test('on any text: what it reads, the complete reader reads in the same way', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    ': ',
    ':',
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    '-',
    '[',
    ']',
    '{',
    '}',
    ', ',
    ',',
    "'",
    '"',
    ' #',
    '#',
    '1.10',
    '|',
    '>',
    '\\',
    '""',
    "''",
    '@',
    '?',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = pieces.join('')
      const plain = readPlainYaml(text)
      if (plain === undefined || /[|>]/.test(text)) return
      const other = complete(text)
      assert.deepEqual(emptied(plain), other, JSON.stringify(text))
    }),
    { numRuns: fuzzRuns(5000) },
  )
})

test('a line of complaints costs no more than its length, and brackets open nothing without end', () => {
  for (const text of [`a${'\r'.repeat(200_000)}b: [`, '"'.repeat(200_000), '{'.repeat(200_000)]) {
    const read = readYaml(Buffer.from(`${text}\n`))
    assert.equal(read.kind, 'refused', text.slice(0, 10))
  }
  assert.equal(readPlainYaml('{'.repeat(200_000)), undefined)
})
