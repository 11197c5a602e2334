import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAccountId } from './account-id.ts'

test('an account id is twelve ASCII digits and nothing else', () => {
  const refused = [
    '',
    '12345678901',
    '1234567890123',
    '12345678901a',
    ' 123456789012',
    '123456789012\n',
    '1234-5678-9012',
    '+12345678901',
    '1.2345678901',
    '١٢٣٤٥٦٧٨٩٠١٢',
  ]
  for (const text of refused) assert.equal(parseAccountId(text), undefined, JSON.stringify(text))
  for (const text of ['123456789012', '000000000000']) assert.equal(parseAccountId(text), text)
})
