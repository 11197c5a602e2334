import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRecord, readAnnotations, readDescriptor } from './descriptor.ts'
import { digestOf } from './digest.ts'

const bytes = Buffer.from('{}')
const digest = digestOf(bytes)
const valid = { mediaType: 'application/vnd.oci.empty.v1+json', digest, size: 2 }

test('refuses a descriptor with its place and the member that is wrong', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^layers\[3\] is not an object/],
    [null, /is not an object/],
    [[], /is not an object/],
    ['x', /is not an object/],
    [{ ...valid, mediaType: '' }, /^layers\[3\]\.mediaType is missing/],
    [{ ...valid, mediaType: 1 }, /mediaType is missing/],
    [{ ...valid, digest: undefined }, /\.digest is not/],
    [{ ...valid, digest: 'sha256:abc' }, /\.digest is not/],
    [{ ...valid, digest: digest.toUpperCase() }, /\.digest is not/],
    [{ ...valid, digest: `blake3:${digest.slice(7)}` }, /\.digest is not/],
    [{ ...valid, size: undefined }, /\.size is not/],
    [{ ...valid, size: '2' }, /\.size is not/],
    [{ ...valid, size: -1 }, /\.size is not/],
    [{ ...valid, size: 1.5 }, /\.size is not/],
    [{ ...valid, size: 2 ** 53 }, /\.size is not/],
    [{ ...valid, data: 'e30' }, /\.data is not padded base64/],
    [{ ...valid, data: 1 }, /\.data is not padded base64/],
    [{ ...valid, data: 'e30 ' }, /\.data is not padded base64/],
    [{ ...valid, data: 'e3_-' }, /\.data is not padded base64/],
    [{ ...valid, data: 'e30=e30=' }, /\.data is not padded base64/],
    [{ ...valid, data: null }, /\.data is not padded base64/],
    [{ ...valid, data: '' }, /\.data holds 0 bytes, size says 2/],
    [{ ...valid, data: 'e30gfQ==' }, /\.data holds 4 bytes/],
    [{ ...valid, data: 'W10=' }, /\.data does not have the digest/],
  ]
  for (const [value, reason] of cases) {
    const result = readDescriptor(value, 'layers[3]')
    assert.ok(result.kind === 'refused', JSON.stringify(value))
    assert.match(result.reason, reason)
  }
})

test('reads what is there, and leaves out what has another type than it should', () => {
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
  const cases: readonly (readonly [object, object])[] = [
    [{}, {}],
    [{ data: 'e30=' }, {}],
    [{ artifactType: 'a/b' }, { artifactType: 'a/b' }],
    [{ artifactType: 1 }, {}],
    [{ platform }, { platform }],
    [{ platform: { os: 'linux' } }, {}],
    [{ annotations: { a: 'b', c: 1, d: null } }, { annotations: { a: 'b' } }],
    [{ annotations: [] }, {}],
    [{ urls: ['https://example.com/x'] }, { hasUrls: true }],
    [{ urls: [] }, {}],
    [{ urls: 'https://example.com/x' }, {}],
    [{ unheardOf: true }, {}],
    [{ size: 2 ** 53 - 1 }, { size: 2 ** 53 - 1 }],
  ]
  for (const [members, expected] of cases) {
    assert.deepEqual(readDescriptor({ ...valid, ...members }, 'config'), {
      kind: 'descriptor',
      descriptor: { ...valid, hasUrls: false, ...expected },
    })
  }
})

test('embedded content is checked by the algorithm that its digest names', () => {
  const wide = { ...valid, digest: digestOf(bytes, 'sha512'), data: 'e30=' }
  assert.equal(readDescriptor(wide, 'config').kind, 'descriptor')
})

test('annotations keep every key, also those that objects have by themselves', () => {
  const given: unknown = JSON.parse('{"__proto__":"a","toString":"b","":"c"}')
  assert.equal(JSON.stringify(readAnnotations(given)), '{"__proto__":"a","toString":"b","":"c"}')
  assert.equal(readAnnotations(undefined), undefined)
})

test('no JSON value makes the reader throw, and only objects are records', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok(['descriptor', 'refused'].includes(readDescriptor(value, 'x').kind))
      assert.equal(
        isRecord(value),
        typeof value === 'object' && value !== null && !Array.isArray(value),
      )
    }),
  )
})
