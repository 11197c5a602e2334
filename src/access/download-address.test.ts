import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemIds } from '../lib/ids.ts'
import { digestOf } from '../oci/digest.ts'
import { downloadLifetimeMs, makeDownloadToken, readDownloadToken } from './download-address.ts'
import { deriveKey } from './rules/seal.ts'

const master = Buffer.alloc(32, 7)
const key = deriveKey(master, 'download')
const now = new Date('2026-11-24T12:00:00Z')
const grant = { repositoryId: 7, digest: digestOf(Buffer.from('layer')) }
const token = makeDownloadToken({ key, ids: systemIds }, grant, now)

test('an address is over after its time, and opens nothing under another key', () => {
  const end = new Date(now.getTime() + downloadLifetimeMs)
  assert.equal(readDownloadToken(key, token, end), undefined)
  for (const other of [deriveKey(master, 'ecr-token'), deriveKey(Buffer.alloc(32), 'download')]) {
    assert.equal(readDownloadToken(other, token, now), undefined)
  }
})

test('an address that was altered, cut or made up opens nothing', () => {
  fc.assert(
    fc.property(fc.nat(token.length - 2), (at) => {
      const letter = token.charAt(at) === 'A' ? 'B' : 'A'
      const altered = token.slice(0, at) + letter + token.slice(at + 1)
      assert.equal(readDownloadToken(key, altered, now), undefined)
      assert.equal(readDownloadToken(key, token.slice(0, at), now), undefined)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      assert.equal(readDownloadToken(key, text, now), undefined)
    }),
  )
})

test('an address names one blob of one repository until its time is over', () => {
  assert.deepEqual(readDownloadToken(key, token, now), grant)
  const last = new Date(now.getTime() + downloadLifetimeMs - 1)
  assert.deepEqual(readDownloadToken(key, token, last), grant)
  assert.match(token, /^[A-Za-z0-9_-]+$/)
})
