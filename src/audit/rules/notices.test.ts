import assert from 'node:assert/strict'
import { test } from 'node:test'
import { genesis, linkRecords, maxLineBytes, readLink } from './chain.ts'
import { eventKindOf, eventNameOfRoute, isChange } from './event-kind.ts'
import { anchorLine, anchorOf, judgeSeal, noticeText, readAnchor, readNotice } from './notices.ts'

const key = Buffer.alloc(32, 7)
const at = new Date('2026-11-24T12:00:00Z')
const anchor = anchorOf(key, genesis, at)

test('reads an anchor alone or as an export ends with it', () => {
  assert.deepEqual(readAnchor(JSON.stringify(anchor)), anchor)
  assert.deepEqual(readAnchor(anchorLine(anchor)), anchor)
})

const noAnchors: readonly (readonly [string, string])[] = [
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a text', '"x"'],
  ['another notice', '{"pratique":{"kind":"seal"}}'],
  ...(['at', 'sequence', 'hash', 'key', 'mac'] as const).map(
    (name) => [`one without ${name}`, JSON.stringify({ ...anchor, [name]: undefined })] as const,
  ),
  ['one whose number is none', JSON.stringify({ ...anchor, sequence: 1.5 })],
]

for (const [name, text] of noAnchors) {
  test(`takes ${name} for no anchor`, () => {
    assert.equal(readAnchor(text), undefined)
  })
}

test('a record is no notice, whatever its client wrote, and a damaged notice none', () => {
  const record = JSON.stringify({ userAgent: '{"pratique":{"kind":"seal"', pratique: {} })
  assert.equal(readNotice(Buffer.from(record)), undefined)
  assert.equal(readNotice(Buffer.from('{"pratique":{"kind":"seal"')), undefined)
})

test('a seal proves what it was made over and nothing else', () => {
  const text = noticeText({ kind: 'seal' }, at, { key, head: genesis })
  const notice = readNotice(Buffer.from(text))
  assert.ok(notice !== undefined)
  assert.equal(judgeSeal(notice, key, genesis), 'valid')
  assert.equal(judgeSeal(notice, key, { ...genesis, sequence: 1 }), 'forged')
  assert.equal(judgeSeal({ ...notice, mac: 'short' }, key, genesis), 'forged')
  assert.equal(judgeSeal(notice, Buffer.alloc(32, 8), genesis), 'other-key')
  assert.equal(judgeSeal({ ...notice, mac: undefined }, key, genesis), 'no-seal')
})

test('a line that is longer than any record has no link', () => {
  const filler = 'x'.repeat(maxLineBytes)
  const { lines } = linkRecords([JSON.stringify({ filler, pratique: {} })], genesis)
  assert.equal(readLink(lines.subarray(0, -1)), undefined)
  const { lines: short } = linkRecords([JSON.stringify({ pratique: { a: 1 } })], genesis)
  assert.deepEqual(readLink(short.subarray(0, -1)), { sequence: 1, previous: genesis.hash })
})

test('a route of which no operation says the same has a name of its own', () => {
  assert.equal(eventNameOfRoute('TRACE other').name, 'TraceOther')
  assert.equal(eventNameOfRoute('').name, 'Unknown')
})

test('what is no action, or one that nobody knows, changes something', () => {
  for (const action of ['nonsense', 'ecr:Reticulate', 'ecr:PutImage', 'iam:CreateUser']) {
    assert.equal(isChange(action), true, action)
  }
  for (const action of ['ecr:BatchGetImage', 'sts:AssumeRole', 'iam:ListUsers']) {
    assert.equal(isChange(action), false, action)
  }
  assert.equal(eventKindOf({ service: 'sts', name: 'AssumeRole' }).isDurable, true)
})
