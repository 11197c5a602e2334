import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../../oci/digest.ts'
import { holds, type Precondition } from './precondition.ts'

const here = digestOf(Buffer.from('here'))

test('a condition holds as RFC 9110 section 13.1 says', () => {
  const rows: readonly (readonly [Precondition, present: boolean, absent: boolean])[] = [
    [{}, true, true],
    [{ ifMatch: 'any' }, true, false],
    [{ ifMatch: [here] }, true, false],
    [{ ifMatch: ['x', here] }, true, false],
    [{ ifMatch: ['x'] }, false, false],
    [{ ifMatch: [] }, false, false],
    [{ ifNoneMatch: 'any' }, false, true],
    [{ ifNoneMatch: [here] }, false, true],
    [{ ifNoneMatch: ['x'] }, true, true],
    [{ ifMatch: [here], ifNoneMatch: [here] }, false, false],
  ]
  for (const [condition, present, absent] of rows) {
    const shown = JSON.stringify(condition)
    assert.equal(holds(condition, here), present, shown)
    assert.equal(holds(condition, undefined), absent, shown)
  }
})
