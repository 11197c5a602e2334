import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suspicionOf } from './suspect-state.ts'

const day = (text: string): Date => new Date(`${text}T00:00:00Z`)
const state = {
  read: 10_000,
  unreadable: 0,
  firstReason: undefined,
  isWhole: true,
  newest: day('2026-02-01'),
  newestBefore: day('2026-01-01'),
}

test('of a whole state a thousandth may be unreadable, of single records none', () => {
  assert.equal(suspicionOf({ ...state, unreadable: 11 })?.code, 'ADVISORIES_REJECTED')
  assert.equal(suspicionOf({ ...state, unreadable: 10 }), undefined)
  assert.equal(
    suspicionOf({ ...state, isWhole: false, unreadable: 1 })?.code,
    'ADVISORIES_REJECTED',
  )
})

test('a whole state whose newest record is older than what is in force is suspect', () => {
  assert.equal(suspicionOf({ ...state, newest: day('2025-12-31') })?.code, 'ADVISORIES_OLDER')
  assert.equal(suspicionOf({ ...state, newest: state.newestBefore }), undefined)
  assert.equal(suspicionOf({ ...state, isWhole: false, newest: day('2020-01-01') }), undefined)
  assert.equal(suspicionOf({ ...state, newest: undefined }), undefined)
  assert.equal(suspicionOf({ ...state, newestBefore: undefined }), undefined)
})
