import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutXml } from './xml-cutter.ts'

const limits = { maxValueBytes: 2000, maxTotalBytes: 5_000_000 }

async function cut(text: string, names: readonly string[], step = 1_000_000) {
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step))
  const found: (readonly [line: number, name: string, text: string])[] = []
  for await (const one of cutXml(Readable.from(pieces), new Set(names), limits))
    found.push([
      one.line,
      one.name,
      one.kind === 'element' ? Buffer.from(one.bytes).toString() : one.kind,
    ])
  return found
}

const text = `<?xml version="1.0"?><!DOCTYPE a>
<a><!-- <b>no</b> --><b x="a>b" y='"'/>
<x:b><b>inner</b><![CDATA[</b>]]></x:b><c><b/>
</c></a>
`

test('cuts elements by name, none within another, and passes over comments and CDATA', async () => {
  for (const step of [1, 5, 1_000_000])
    assert.deepEqual(await cut(text, ['b'], step), [
      [2, 'b', `<b x="a>b" y='"'/>`],
      [3, 'b', '<x:b><b>inner</b><![CDATA[</b>]]></x:b>'],
      [3, 'b', '<b/>'],
    ])
  assert.deepEqual(await cut('<a/>', ['a']), [[1, 'a', '<a/>']])
})

test('tells an element that is too long, and goes on', async () => {
  const long = `<r><b>${'x'.repeat(3000)}</b>\n<b>1</b></r>`
  assert.deepEqual(await cut(long, ['b'], 100), [
    [1, 'b', 'too-long'],
    [2, 'b', '<b>1</b>'],
  ])
})

test('refuses what is no whole document', async () => {
  for (const bad of [
    '',
    'text',
    '<a>',
    '<a><b></a>',
    '</a>',
    '<a/><b/>',
    '<a',
    '<a x="',
    '<!-- ',
    '<a><![CDATA[ </a>',
    '<a>'.repeat(100),
    '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
    `<a ${'x'.repeat(2_000_000)}`,
  ])
    await assert.rejects(cut(bad, ['b']), { name: 'FeedError' }, bad.slice(0, 30))
})

test('what is cut does not depend on how the bytes came', async () => {
  const piece = fc.constantFrom(
    '<b>',
    '</b>',
    '<c/>',
    '<b/>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '"',
    '>',
    'x',
    '\n',
    '<?',
    '?>',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (pieces, step) => {
        const document = `<a>${pieces.join('')}</a>`
        const read = async (size: number): Promise<unknown> =>
          cut(document, ['b'], size).catch((error: unknown) => String(error))
        assert.deepEqual(await read(step), await read(1_000_000))
      },
    ),
    { numRuns: 500 },
  )
})
