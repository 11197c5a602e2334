import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import pino from 'pino'
import { Secret } from './secret.ts'

const canary = 'canary-4711'
const secret = new Secret(canary)

test('a secret is shown by nothing but reveal', () => {
  const thrown = Object.assign(new Error(`refused ${String(secret)}`), { secret })
  const written = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: null }),
    inspect({ deep: { secret } }, { showHidden: true, getters: true }),
    format('%s %o %O %j', secret, secret, secret, secret),
    inspect(thrown),
    Object.entries(secret).join(),
  ]
  for (const text of written) assert.ok(!text.includes(canary), text)
  assert.equal(secret.reveal(), canary)
})

test('a log line shows a secret as one', () => {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  log.info({ event: 'x', secret, err: Object.assign(new Error('y'), { secret }) })
  const [line = ''] = lines
  assert.ok(line.includes('[secret]'))
  assert.ok(!line.includes(canary))
})
