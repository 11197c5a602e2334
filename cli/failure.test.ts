// What the SDKs throw, as an exit code and words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodes, explain, Failure } from './failure.ts'

test('a profile that is not there ends as everything that is not there', () => {
  const error = Object.assign(new Error('no signing profile nosuch'), {
    name: 'ResourceNotFoundException',
    $metadata: { requestId: '1' },
  })
  const failure = explain(error, 'here')
  assert.ok(failure instanceof Failure)
  assert.equal(failure.exitCode, exitCodes.notFound)
  assert.match(failure.message, /no signing profile nosuch \(request 1\)/)
  assert.match(failure.advice ?? '', /pratique signing profile list/)
})
