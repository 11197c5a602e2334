import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rateSeverity } from './severity.ts'

test('a word that no vendor uses is no severity, whatever objects call their own by it', () => {
  for (const word of ['__proto__', 'constructor', 'toString', '', 'severe']) {
    const { severity, source } = rateSeverity(
      { severities: [{ type: word, score: word }], severityWord: word },
      { severities: [], severityWord: word },
    )
    assert.deepEqual([severity, source], ['UNDEFINED', undefined])
  }
  const known = { severities: [], severityWord: 'Important' }
  assert.equal(rateSeverity(known, { severities: [], severityWord: undefined }).severity, 'HIGH')
})
