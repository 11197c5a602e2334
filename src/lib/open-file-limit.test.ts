import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOpenFileLimit } from './open-file-limit.ts'

test('reads the soft limit of open files from the table that Linux shows', () => {
  const table = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 4096                 files\nMax locked memory         65536                65536                bytes\n`
  assert.equal(parseOpenFileLimit(table('1024')), 1024)
  assert.equal(parseOpenFileLimit(table('unlimited')), undefined)
  assert.equal(parseOpenFileLimit(''), undefined)
})
