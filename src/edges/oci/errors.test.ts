import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryError } from '../../registry/errors.ts'
import { StorageFullError } from '../../storage/storage-full.ts'
import { errorReply, spellError } from './errors.ts'

test('a full disk is 507 and says when to come again; other refusals do not ask for it', () => {
  const full = spellError(new StorageFullError({ cause: 'ENOSPC' }))
  assert.ok(full !== undefined)
  const reply = errorReply(full, false)
  assert.equal(reply.status, 507)
  assert.match(reply.headers['retry-after'] ?? '', /^[1-9][0-9]*$/)
  const unknown = spellError(registryError('BLOB_UNKNOWN', 'no such blob'))
  assert.ok(unknown !== undefined)
  assert.equal(errorReply(unknown, false).headers['retry-after'], undefined)
})

test('a fault of ours is no refusal; the answer to HEAD has no body', () => {
  assert.equal(spellError(new Error('bug')), undefined)
  const head = errorReply({ status: 404, code: 'BLOB_UNKNOWN', message: 'no such blob' }, true)
  assert.equal(head.body, undefined)
})
