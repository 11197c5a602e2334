import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from './digest.ts'
import { parseImageConfig } from './image-config.ts'

const diffId = digestOf(Buffer.from('layer'))
const rootfs = { type: 'layers', diff_ids: [diffId, diffId] }

function parse(text: string): ReturnType<typeof parseImageConfig> {
  return parseImageConfig(Buffer.from(text))
}

test('refuses a config whose layers are not told', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /^the image config is not JSON/],
    ['{"os":', /^the image config is not JSON/],
    ['{}', /no rootfs\.diff_ids/],
    ['[]', /no rootfs\.diff_ids/],
    ['null', /no rootfs\.diff_ids/],
    ['{"rootfs":[]}', /no rootfs\.diff_ids/],
    ['{"rootfs":{}}', /no rootfs\.diff_ids/],
    ['{"rootfs":{"diff_ids":null}}', /no rootfs\.diff_ids/],
    ['{"rootfs":{"diff_ids":{}}}', /no rootfs\.diff_ids/],
    ['{"rootfs":{"diff_ids":["sha256:abc"]}}', /is not a digest/],
    [`{"rootfs":{"diff_ids":["${diffId}",1]}}`, /is not a digest/],
    [`{"rootfs":{"diff_ids":[null]}}`, /is not a digest/],
    [`{"rootfs":{"diff_ids":[]},"rootfs":{"diff_ids":["${diffId}"]}}`, /twice/],
    [`{"rootfs":{"diff_ids":[],"Diff_Ids":["${diffId}"]}}`, /which some clients read/],
  ]
  for (const [text, reason] of cases) {
    const result = parse(text)
    assert.ok(result.kind === 'refused', text)
    assert.match(result.reason, reason, text)
  }
})

test('reads platform and layers, and says unknown for an architecture that is not told', () => {
  assert.deepEqual(parse(JSON.stringify({ os: 'windows', architecture: 'arm64', rootfs })), {
    kind: 'config',
    config: { os: 'windows', architecture: 'arm64', diffIds: [diffId, diffId] },
  })
  assert.deepEqual(parse(JSON.stringify({ os: 1, rootfs: { diff_ids: [] } })), {
    kind: 'config',
    config: { os: 'linux', architecture: 'unknown', diffIds: [] },
  })
})

test('no document makes the parser throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok(['config', 'refused'].includes(parse(JSON.stringify(value)).kind))
      const nested = JSON.stringify({ rootfs: { diff_ids: value } })
      assert.ok(['config', 'refused'].includes(parse(nested).kind))
    }),
  )
})
