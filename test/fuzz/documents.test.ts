// JSON and YAML from outside: manifests, configurations, API requests, advisories, settings.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig, settings } from '../../src/config.ts'
import { ecosystemOfAdvisory } from '../../src/ecosystems/table.ts'
import { matchPackage } from '../../src/ecosystems/match.ts'
import { parseOsvRecord } from '../../src/ecosystems/osv.ts'
import { ecrOperations } from '../../src/edges/aws/ecr/operations.ts'
import { jsonError, parseJsonBody } from '../../src/edges/aws/protocol/json-protocol.ts'
import { invalidParameterText, validationText } from '../../src/edges/aws/protocol/schema.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { parseImageConfig } from '../../src/oci/image-config.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { parseStrictJson } from '../../src/oci/strict-json.ts'
import { judgeAttachment } from '../../src/vex/attestation.ts'
import { parsePublicKeys } from '../../src/lib/public-keys.ts'
import { readVexBytes } from '../../src/vex/read-vex.ts'
import { parseSuppressionRules } from '../../src/vex/suppression-rules.ts'
import { bundleOf, ecKey, envelopeOf, inTotoOf, openVexOf } from '../kit/attestations.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { alteredBytes, document, hostileText, runs } from './hostile-input.ts'

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const known = ['schemaVersion', 'mediaType', 'config', 'layers', 'annotations', 'size']

const blob = Buffer.from('{}')
const descriptor = {
  mediaType: mediaTypes.ociConfig,
  digest: digestOf(blob),
  size: blob.length,
  data: blob.toString('base64'),
}
const image = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor,
  layers: [{ ...descriptor, urls: ['https://example.org'] }],
  subject: { ...descriptor, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  annotations: { 'org.opencontainers.image.title': 'a', __proto__: 'b' },
}
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [{ ...descriptor, mediaType: mediaTypes.ociManifest }],
}
const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }

test('strict JSON that is taken means what JSON.parse says, and no key of it comes twice', () => {
  const text = hostileText(
    '{',
    '}',
    '[',
    ']',
    '"size"',
    '"ſize"',
    '"Size"',
    ':',
    ',',
    '1',
    '"\\',
    ' ',
  )
  const given = fc.oneof(
    text.map((one) => Buffer.from(one)),
    fc.json({ maxDepth: 6 }).map((one) => Buffer.from(one)),
    alteredBytes(bytesOf(image), bytesOf(index)),
  )
  fc.assert(
    fc.property(given, (bytes) => {
      const read = parseStrictJson(bytes, known)
      if (read.kind === 'refused') return assert.ok(read.reason.length > 3)
      assert.deepEqual(read.value, JSON.parse(bytes.toString()))
    }),
    runs(3000),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.jsonValue(), (key, one, two) => {
      const name = JSON.stringify(key)
      const twice = `{"a":{${name}:${JSON.stringify(one)},${name}:${JSON.stringify(two)}}}`
      assert.equal(parseStrictJson(Buffer.from(twice), known).kind, 'refused')
    }),
    runs(500),
  )
})

test('manifests are images or indexes, whole, and never both', () => {
  const entry = document({
    mediaType: fc.constantFrom<unknown>(...Object.values(mediaTypes)),
    digest: fc.constantFrom<unknown>(descriptor.digest, digestOf(blob, 'sha512'), 'sha256:AA'),
    size: fc.constantFrom<unknown>(2, 0, -1, 2 ** 53, 1.5, '2'),
    data: fc.constantFrom<unknown>('e30=', 'e30', 'e31=', '%', ''),
    urls: fc.constantFrom<unknown>([], ['https://example.org'], 'https://example.org'),
    platform: fc.constantFrom<unknown>({}, { os: 'linux', architecture: 'amd64' }, null),
    annotations: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  const whole = document({
    schemaVersion: fc.constantFrom<unknown>(2, 1, '2'),
    mediaType: fc.constantFrom<unknown>(...Object.values(mediaTypes)),
    config: entry,
    layers: fc.array(entry, { maxLength: 4 }),
    blobs: fc.array(entry, { maxLength: 2 }),
    manifests: fc.array(entry, { maxLength: 4 }),
    subject: entry,
    artifactType: hostileText('application/vnd.example'),
    annotations: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  const given = fc.oneof(
    whole.map(bytesOf),
    alteredBytes(bytesOf(image), bytesOf(index)),
    fc.constantFrom(bytesOf(image), bytesOf(index)),
  )
  const declared = fc.option(
    fc.oneof(fc.constantFrom(...Object.values(mediaTypes)), hostileText(mediaTypes.ociManifest)),
    { nil: undefined },
  )
  let taken = 0
  fc.assert(
    fc.property(given, declared, (bytes, type) => {
      const read = parseManifest(bytes, type)
      if (read.kind === 'refused') return assert.ok(read.reason.length > 5)
      taken += 1
      const body = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>
      const { manifest } = read
      assert.equal('manifests' in body, manifest.kind === 'index')
      const described = manifest.kind === 'index' ? manifest.manifests : manifest.layers
      for (const { digest, size } of described) {
        assert.equal(digestOf(blob, digest.startsWith('sha512') ? 'sha512' : 'sha256'), digest)
        assert.ok(Number.isSafeInteger(size) && size >= 0)
      }
      assert.equal(Object.getPrototypeOf(manifest.annotations ?? {}), Object.prototype)
    }),
    runs(3000),
  )
  assert.ok(taken > 10)
})

test('documents that are deep, wide or heavy are refused, and never exhaust stack or memory', () => {
  const many = 200_000
  const bombs: readonly (readonly [string, string])[] = [
    ['lists in lists', '['.repeat(many)],
    ['closed lists in lists', '['.repeat(many) + ']'.repeat(many)],
    ['objects in objects', '{"a":'.repeat(many)],
    ['annotations in annotations', '{"annotations":'.repeat(many)],
    ['lists side by side', `{"layers":[${'[],'.repeat(many)}[]]}`],
    ['a key without an end', `{"${'\\\\'.repeat(many)}`],
    ['quotes without an end', '"'.repeat(many + 1)],
    ['white space', `{"a"${' '.repeat(many)}`],
    ['a number without an end', `{"schemaVersion":${'9'.repeat(many)}}`],
    ['one key many times', `{${'"a":1,'.repeat(many)}"a":1}`],
  ]
  for (const [what, text] of bombs) {
    const bytes = Buffer.from(text)
    assert.equal(parseManifest(bytes, mediaTypes.ociManifest).kind, 'refused', what)
    assert.equal(parseImageConfig(bytes).kind, 'refused', what)
    const body = parseJsonBody(bytes)
    if (body.kind === 'malformed') continue
    for (const { read } of ecrOperations.values()) read(body.body)
  }
  const layers = Array.from({ length: 10_001 }, () => descriptor)
  assert.equal(parseManifest(bytesOf({ ...image, layers }), undefined).kind, 'refused')
  const annotated = (count: number): Buffer => {
    const keys = Array.from({ length: count }, (_, key) => `"${key}":"x"`).join(',')
    return Buffer.from(
      bytesOf(image).toString().replace('"annotations":{', `"annotations":{${keys},`),
    )
  }
  assert.equal(parseManifest(annotated(100_000), undefined).kind, 'parsed')
  assert.equal(parseManifest(annotated(many), undefined).kind, 'refused')
})

test('configurations of images are read or refused', () => {
  const given = fc.oneof(
    alteredBytes(bytesOf({ ...config, rootfs: { diff_ids: [digestOf(blob)] } })),
    document({
      os: fc.string(),
      architecture: fc.string(),
      rootfs: document({ type: fc.string(), diff_ids: fc.array(fc.constant(digestOf(blob))) }),
    }).map(bytesOf),
  )
  fc.assert(
    fc.property(given, (bytes) => {
      assert.ok(['config', 'refused'].includes(parseImageConfig(bytes).kind))
    }),
    runs(2000),
  )
})

test('a request of the API is read, malformed or invalid with a sentence, for every operation', () => {
  const member = fc.oneof(
    fc.constantFrom<unknown>('team/app', '123456789012', digestOf(blob), 1, 0, true, null, [], {}),
    hostileText('team/app', '/', 'v1', digestOf(blob)),
    fc.array(
      fc.oneof(
        document({
          imageTag: hostileText('v1'),
          imageDigest: hostileText(digestOf(blob)),
          Key: fc.string(),
          Value: fc.string(),
          tagStatus: fc.constantFrom<unknown>('TAGGED', 'any'),
        }),
        fc.jsonValue(),
      ),
      { maxLength: 4 },
    ),
  )
  const names = [
    'repositoryName',
    'repositoryNames',
    'registryId',
    'imageIds',
    'imageManifest',
    'imageTag',
    'imageDigest',
    'layerDigests',
    'layerDigest',
    'uploadId',
    'partFirstByte',
    'partLastByte',
    'layerPartBlob',
    'tags',
    'tagKeys',
    'resourceArn',
    'maxResults',
    'nextToken',
    'filter',
    'imageTagMutability',
    'imageScanningConfiguration',
    'force',
  ]
  const whole = document(Object.fromEntries(names.map((name) => [name, member])))
  const given = fc.oneof(whole.map(bytesOf), alteredBytes(bytesOf({ repositoryName: 'team/app' })))
  const operation = fc.constantFrom(...ecrOperations.values())
  fc.assert(
    fc.property(given, operation, (bytes, { read }) => {
      const parsed = parseJsonBody(bytes)
      if (parsed.kind === 'malformed') return assert.ok(parsed.message.length > 5)
      const reading = read(parsed.body)
      if (reading.kind === 'valid') return
      const sentences =
        reading.kind === 'malformed'
          ? [reading.message]
          : [invalidParameterText(reading.violations), validationText(reading.violations)]
      for (const message of sentences) {
        assert.ok(message.length > 5)
        const { body } = jsonError({ name: 'Error', status: 400, message, members: {} })
        assert.doesNotThrow(() => void JSON.parse(body))
      }
    }),
    runs(3000),
  )
})

const starter = new URL('../../src/scanning/starter/advisories.ndjson', import.meta.url)

test('advisories are read or refused, and what is read is judged of any version', () => {
  const seeds = readFileSync(starter, 'utf8').trim().split('\n').slice(0, 60)
  let read = 0
  const versions = hostileText('1.2.3', '1', '-1', '~rc1', '4.17.20', '.')
  fc.assert(
    fc.property(
      alteredBytes(...seeds.map((line) => Buffer.from(line))),
      versions,
      (bytes, version) => {
        let parsed: unknown
        try {
          parsed = JSON.parse(bytes.toString())
        } catch {
          return
        }
        const reading = parseOsvRecord(parsed)
        if (reading.kind === 'refused') return assert.ok(reading.reason.length > 3)
        read += 1
        for (const affected of reading.advisory.affected) {
          const compare = ecosystemOfAdvisory(affected.ecosystem)?.compareVersions
          if (compare === undefined) continue
          const { kind } = matchPackage(version, affected, compare)
          assert.ok(['affected', 'notAffected', 'unknown'].includes(kind))
        }
      },
    ),
    runs(2000),
  )
  assert.ok(read > 10)
  const entry = document({
    package: document({
      ecosystem: fc.constantFrom<unknown>('npm', 'Debian:12'),
      name: fc.string(),
    }),
    versions: fc.array(fc.string()),
    ranges: fc.array(
      document({
        type: fc.constantFrom<unknown>('SEMVER', 'ECOSYSTEM', 'GIT'),
        events: fc.array(
          document({ introduced: fc.string(), fixed: fc.string(), last_affected: fc.string() }),
        ),
      }),
    ),
  })
  const record = document({
    id: fc.string(),
    affected: fc.array(entry),
    aliases: fc.array(fc.string()),
  })
  fc.assert(
    fc.property(record, (given) => {
      assert.ok(['advisory', 'refused'].includes(parseOsvRecord(given).kind))
    }),
    runs(1000),
  )
})

test('settings are a configuration, or problems that are sentences', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'pratique.yaml')
  const names = Object.keys(settings)
  const line = fc
    .tuple(
      fc.oneof(fc.constantFrom(...names), hostileText('data', ' ', '- ')),
      hostileText(
        '1',
        '24',
        'secure',
        '127.0.0.1:0',
        '[',
        '{',
        '&a',
        '*a',
        '|',
        '!!js/function',
        '\n',
      ),
    )
    .map(([name, value]) => `${name}: ${value}\n`)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      writeFileSync(file, lines.join(''))
      const read = readConfig({ flags: {}, environment: {}, cwd: directory })
      if (read.kind === 'config') return
      for (const problem of read.problems) assert.ok(problem.length > 5)
    }),
    runs(500),
  )
})

const vex = openVexOf([
  { vulnerability: { name: 'CVE-2024-1' }, products: [{ '@id': 'pkg:npm/x@1' }], status: 'fixed' },
])
const fuzzKey = ecKey()
const fuzzSubject = digestOf(Buffer.from('image'))
const attested = envelopeOf(inTotoOf(vex, fuzzSubject), { key: fuzzKey })

test('VEX documents and what is attached to images are read or refused, and only the whole signed one is believed', () => {
  const file = parsePublicKeys(fuzzKey.pem)
  const keys = file.kind === 'keys' ? file.keys : []
  const seeds = [vex, inTotoOf(vex, fuzzSubject), attested, bundleOf(attested)].map(bytesOf)
  fc.assert(
    fc.property(fc.oneof(alteredBytes(...seeds), fc.jsonValue().map(bytesOf)), (bytes) => {
      const reading = readVexBytes(bytes)
      if (reading.kind === 'refused') assert.ok(reading.reason.length > 0)
      const judged = judgeAttachment(bytes, { keys, subject: fuzzSubject })
      if (judged.kind !== 'trusted') return
      // Whatever surrounds it, what is believed is what was signed.
      assert.deepEqual(judged.source, vex)
    }),
    runs(300),
  )
})

test('files of rules are read whole or refused with a place', () => {
  const rule = [
    {
      vulnerability: 'CVE-1',
      package: 'pkg:npm/x',
      path: 'a/**',
      reason: 'r',
      owner: 'o',
      until: '2027-01-01',
    },
  ]
  fc.assert(
    fc.property(fc.oneof(alteredBytes(bytesOf(rule)), fc.jsonValue().map(bytesOf)), (bytes) => {
      const reading = parseSuppressionRules(bytes.toString())
      if (reading.kind === 'read')
        for (const { endsAt, owner, reason } of reading.rules)
          assert.ok(endsAt > 0 && owner !== '' && reason !== '')
      else
        for (const { line, column, problem } of reading.faults)
          assert.ok(line > 0 && column > 0 && problem !== '')
    }),
    runs(200),
  )
})
