import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseV2Path, type V2Path } from './path.ts'

const hex = '0123456789abcdef'.repeat(4)
const sha256 = `sha256:${hex}`
const sha512 = `sha512:${hex}${hex}`
const uploadId = '0b5f1f5c-7c0e-4a43-9b64-0d4e7c1f3a10'

/** A path as it prints; the kinds hold brands that a table cannot write. */
type Printed = { readonly kind: V2Path['kind'] } & Readonly<Record<string, unknown>>

const byTag = (name: string, tag: string): Printed => ({
  kind: 'manifest',
  name,
  reference: { kind: 'tag', tag },
})

const cases: readonly (readonly [string, Printed])[] = [
  // Of no endpoint.
  ['/v2/app', { kind: 'unknown' }],
  ['/v2/app/', { kind: 'unknown' }],
  ['/v2/app/tags', { kind: 'unknown' }],
  ['/v2/app/tags/lists', { kind: 'unknown' }],
  ['/v2/app/tags/list/x', { kind: 'unknown' }],
  ['/v2/app/blobs', { kind: 'unknown' }],
  ['/v2/app/manifests', { kind: 'unknown' }],
  ['/v2/app/uploads/x', { kind: 'unknown' }],
  ['/v2/blobs/uploads', { kind: 'unknown' }],
  [`/v2/blobs/uploads/${uploadId}`, { kind: 'unknown' }],
  ['/v2/tags/list', { kind: 'unknown' }],
  [`/v2/manifests/${sha256}`, { kind: 'unknown' }],
  ['/v2/_catalog/x', { kind: 'unknown' }],
  ['/v2/app/manifests/v1%2f', { kind: 'unknown' }],
  ['/v2/app%2fx/tags/list', { kind: 'unknown' }],
  ['/v2/%2e%2e/app/tags/list', { kind: 'unknown' }],
  ['/v2/app/manifests/v%31', { kind: 'unknown' }],
  ['/v2/app/manifests/%', { kind: 'unknown' }],
  ['/v2/app\\x/tags/list', { kind: 'unknown' }],
  ['/v2/app/manifests/v1%00', { kind: 'unknown' }],
  // References that are none.
  ['/v2/app/blobs/sha256:abc', { kind: 'badDigest', name: 'app', text: 'sha256:abc' }],
  [`/v2/app/blobs/SHA256:${hex}`, { kind: 'badDigest', name: 'app', text: `SHA256:${hex}` }],
  [`/v2/app/blobs/${hex}`, { kind: 'badDigest', name: 'app', text: hex }],
  ['/v2/app/referrers/v1', { kind: 'badDigest', name: 'app', text: 'v1' }],
  [
    '/v2/app/manifests/sha256:baddigeststring',
    { kind: 'badDigest', name: 'app', text: 'sha256:baddigeststring' },
  ],
  ['/v2/app/manifests/-x', { kind: 'badReference', name: 'app', text: '-x' }],
  ['/v2/app/manifests/a+b', { kind: 'badReference', name: 'app', text: 'a+b' }],
  // Endpoints, with and without the slash at the end.
  ['/v2', { kind: 'base' }],
  ['/v2/', { kind: 'base' }],
  ['/v2/_catalog', { kind: 'catalog' }],
  ['/v2/app/tags/list', { kind: 'tags', name: 'app' }],
  ['/v2/app/tags/list/', { kind: 'tags', name: 'app' }],
  ['/v2/app/blobs/uploads', { kind: 'uploads', name: 'app' }],
  ['/v2/app/blobs/uploads/', { kind: 'uploads', name: 'app' }],
  [`/v2/app/blobs/uploads/${uploadId}`, { kind: 'upload', name: 'app', uploadId }],
  [`/v2/app/blobs/${sha256}`, { kind: 'blob', name: 'app', digest: sha256 }],
  [`/v2/app/blobs/${sha512}`, { kind: 'blob', name: 'app', digest: sha512 }],
  [`/v2/app/referrers/${sha256}`, { kind: 'referrers', name: 'app', digest: sha256 }],
  ['/v2/app/manifests/v1', byTag('app', 'v1')],
  [
    `/v2/app/manifests/${sha512}`,
    { kind: 'manifest', name: 'app', reference: { kind: 'digest', digest: sha512 } },
  ],
  // Some clients escape the colon.
  [`/v2/app/blobs/sha256%3A${hex}`, { kind: 'blob', name: 'app', digest: sha256 }],
  [`/v2/app/blobs/sha256%3a${hex}`, { kind: 'blob', name: 'app', digest: sha256 }],
  // Words of the paths are legal segments of a name: the right end decides.
  [`/v2/a/blobs/b/blobs/${sha256}`, { kind: 'blob', name: 'a/blobs/b', digest: sha256 }],
  ['/v2/a/blobs/b/manifests/x', byTag('a/blobs/b', 'x')],
  ['/v2/a/blobs/uploads/tags/list', { kind: 'tags', name: 'a/blobs/uploads' }],
  ['/v2/a/blobs/uploads/manifests/list', byTag('a/blobs/uploads', 'list')],
  ['/v2/blobs/blobs/uploads/', { kind: 'uploads', name: 'blobs' }],
  [`/v2/uploads/blobs/uploads/${uploadId}`, { kind: 'upload', name: 'uploads', uploadId }],
  ['/v2/tags/list/tags/list', { kind: 'tags', name: 'tags/list' }],
  ['/v2/_catalog/tags/list', { kind: 'tags', name: '_catalog' }],
  ['/v2/v2/tags/list', { kind: 'tags', name: 'v2' }],
  ['/v2/_oci/ext/discover', { kind: 'discovery' }],
  ['/v2/a/b/_oci/ext/discover', { kind: 'extensions', name: 'a/b' }],
  ['/v2/_oci/ext/discover/manifests/v1', byTag('_oci/ext/discover', 'v1')],
  // The name is judged by who reads it next.
  ['/v2/../x/tags/list', { kind: 'tags', name: '../x' }],
  ['/v2//x//tags/list', { kind: 'tags', name: '/x/' }],
]

test('a path is read from its right end', () => {
  for (const [path, expected] of cases) assert.deepEqual(parseV2Path(path), expected, path)
})

test('any name with any endpoint behind it is that endpoint of that name', () => {
  const word = fc.constantFrom('a', 'blobs', 'uploads', 'manifests', 'tags', 'list', 'referrers')
  const name = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('/'))
  fc.assert(
    fc.property(name, (text) => {
      const at = (rest: string): V2Path => parseV2Path(`/v2/${text}/${rest}`)
      assert.deepEqual(at('tags/list'), { kind: 'tags', name: text })
      assert.deepEqual(at('manifests/v1'), byTag(text, 'v1'))
      assert.deepEqual(at(`blobs/${sha256}`), { kind: 'blob', name: text, digest: sha256 })
      assert.deepEqual(at(`blobs/uploads/${uploadId}`), { kind: 'upload', name: text, uploadId })
      assert.deepEqual(at('blobs/uploads/'), { kind: 'uploads', name: text })
    }),
  )
})

test('no path makes the reader throw', () => {
  const piece = fc.constantFrom('/', '%', '%3A', '..', 'blobs', 'uploads', ':', 'a', 'sha256', '\\')
  const path = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: piece }))
  fc.assert(
    fc.property(path, (text) => {
      assert.equal(typeof parseV2Path(`/v2/${text}`).kind, 'string')
    }),
    { numRuns: 1000 },
  )
})
