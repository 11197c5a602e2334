import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../../test/kit/principals.ts'
import { matchEvent, timeOfLine } from './match-event.ts'

const account = accountOf('123456789012')
const start = '{"eventVersion":"1.11","eventTime":"2026-11-24T12:00:00Z"'
const line = (rest: string): Buffer => Buffer.from(`${start},${rest}}`)
const whole = '"eventID":"event-1","eventName":"PutImage"'

const nothing: readonly (readonly [string, Buffer])[] = [
  ['what is no JSON', line('"eventID":')],
  ['a list', Buffer.from('[1]')],
  ['a record without an id', line('"eventName":"PutImage"')],
  ['a record without a name', line('"eventID":"event-1"')],
  ['a record without a time', Buffer.from(`{${whole}}`)],
  [
    'a record whose time is none',
    Buffer.from(`{"eventVersion":"1.11","eventTime":"soon",${whole}}`),
  ],
  ['a notice', Buffer.from('{"pratique":{"kind":"seal","at":"2026-11-24T12:00:00Z"}}')],
]

for (const [name, bytes] of nothing) {
  test(`${name} matches no question`, () => {
    assert.equal(matchEvent({ account: undefined }, bytes), undefined)
  })
}

test('a record of another account, or one that was no denial, is not what was asked for', () => {
  const record = line(
    `${whole},"recipientAccountId":"210987654321","pratique":{"decision":"allow"}`,
  )
  assert.equal(matchEvent({ account }, record), undefined)
  assert.equal(matchEvent({ account: undefined, denied: true }, record), undefined)
})

test('what a record does not say is left open', () => {
  const found = matchEvent({ account: undefined }, line(`${whole},"resources":[{"type":"x"},7]`))
  assert.deepEqual(found?.resources, [])
  assert.deepEqual([found?.source, found?.userName, found?.readOnly], ['', undefined, false])
  const root = matchEvent({ account: undefined }, line(`${whole},"userIdentity":{"type":"Root"}`))
  assert.equal(root?.userName, 'root')
})

test('the action of a record that names none is that of its event', () => {
  const record = line(`${whole},"eventSource":"ecr.amazonaws.com"`)
  assert.equal(matchEvent({ account: undefined, action: 'ecr:PutImage' }, record)?.id, 'event-1')
  assert.equal(matchEvent({ account: undefined, action: 'ecr:Other' }, record), undefined)
})

test('a notice has a time too, and what is neither has none', () => {
  const notice = Buffer.from('{"pratique":{"kind":"seal","at":"2026-11-24T12:00:00Z"}}')
  assert.deepEqual(timeOfLine(notice), new Date('2026-11-24T12:00:00Z'))
  assert.equal(timeOfLine(Buffer.from('{"at":"2026-11-24T12:00:00Z"}')), undefined)
})
