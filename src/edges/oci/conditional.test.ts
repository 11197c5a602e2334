import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNotModified, preconditionOf } from './conditional.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('If-None-Match compares weakly, If-Match strongly', () => {
  assert.ok(isNotModified(`"x", W/"${digest}"`, digest))
  assert.ok(isNotModified('*', digest))
  assert.ok(isNotModified(digest, digest))
  assert.ok(!isNotModified(undefined, digest))
  assert.ok(!isNotModified(`"${digest}x"`, digest))
  const headers: Readonly<Record<string, string>> = {
    'if-match': `W/"${digest}", "${digest}"`,
    'if-none-match': `W/"${digest}"`,
  }
  assert.deepEqual(
    preconditionOf((name) => headers[name]),
    { ifMatch: [`W/"${digest}"`, digest], ifNoneMatch: [digest] },
  )
  assert.deepEqual(
    preconditionOf((name) => (name === 'if-match' ? ' * ' : undefined)),
    { ifMatch: 'any' },
  )
  assert.equal(
    preconditionOf(() => undefined),
    undefined,
  )
})
