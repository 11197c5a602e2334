import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDigest } from '../../oci/digest.ts'
import { companionTag, companionTagsOf, signatureSubjectOf } from './companion-tag.ts'

const hex = 'a1'.repeat(32)

test('tags that look alike are no companions', () => {
  for (const tag of [
    'v1',
    `sha256-${hex}.other`,
    `sha256-${hex}.sig.sig`,
    `sha256-${hex}0`,
    `sha256-${hex.toUpperCase()}`,
    `sha512-${hex}.sig`,
    `sha1-${hex}`,
    'sha256-.sig',
  ]) {
    assert.equal(companionTag(tag), undefined, tag)
    assert.equal(signatureSubjectOf(tag), undefined, tag)
  }
})

test('what is kept under a companion, and of which image', () => {
  const subject = parseDigest(`sha256:${hex}`)
  assert.ok(subject)
  assert.deepEqual(
    companionTagsOf(subject).map((tag) => companionTag(tag)),
    ['referrers', 'sig', 'att', 'sbom'].map((kind) => ({ kind, subject })),
  )
  assert.deepEqual(
    companionTagsOf(subject).map((tag) => signatureSubjectOf(tag)),
    [undefined, subject, subject, undefined],
  )
})

test('a digest of SHA-512 has the tag of its referrers alone, which names a part of it', () => {
  const subject = parseDigest(`sha512:${hex}${hex}`)
  assert.ok(subject)
  const tags = companionTagsOf(subject)
  assert.deepEqual(tags, [`sha512-${hex}`])
  assert.deepEqual(companionTag(tags[0] ?? ''), { kind: 'referrers', subject: undefined })
})
