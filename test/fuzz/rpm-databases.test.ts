// rpm's databases as an attacker may leave them in an image: real ones altered, and headers of any entries in a sound container.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Extraction } from '../../src/ecosystems/ecosystem.ts'
import { rpm } from '../../src/ecosystems/rpm/ecosystem.ts'
import { rpmdbNdb } from '../../src/ecosystems/rpm/rpmdb-ndb.ts'
import { bytesOf, findExtractor, ownCases } from '../kit/extractor-cases.ts'
import { headerOf, ndbOf, numberEntry, textEntry, type HeaderEntry } from '../kit/rpm-headers.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const ids = new Set(rpm.extractors.map(({ id }) => id))

for (const { name, extractor: id, path, file } of ownCases().filter((one) =>
  ids.has(one.extractor),
)) {
  test(`${id}: altered, it is packages or problems: ${name}`, () => {
    const extractor = findExtractor(id)
    fc.assert(
      fc.property(alteredBytes(bytesOf(file)), (bytes) => {
        assertSound(extractor.extract(path, bytes), bytes)
      }),
      runs(200),
    )
  })
}

const text = hostileText('bash', '1.0', '-1', '1:', '(none)', '.src.rpm', 'a-1-1.src.rpm', '/usr/')
const wanted = [1000, 1001, 1002, 1003, 1011, 1014, 1022, 1044, 1047, 1049, 1116, 1117, 1118, 5096]
const tag = fc.oneof(fc.constantFrom(...wanted), fc.nat())
const entry: fc.Arbitrary<HeaderEntry> = fc.oneof(
  fc.tuple(tag, fc.array(text, { maxLength: 5 })).map(([at, values]) => textEntry(at, ...values)),
  fc
    .tuple(tag, fc.array(fc.nat(), { maxLength: 5 }))
    .map(([at, values]) => numberEntry(at, ...values)),
  fc.record({
    tag,
    type: fc.nat(12),
    count: fc.oneof(fc.nat(20), fc.constantFrom(0x7fffffff, 0xffffffff)),
    bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
)
const named = fc
  .tuple(text, text, text)
  .map(([name, version, release]) => [
    textEntry(1000, name),
    textEntry(1001, version),
    textEntry(1002, release),
  ])

test('headers of any entries are packages or problems', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(named, fc.array(entry, { maxLength: 8 })), { maxLength: 6 }),
      (all) => {
        const bytes = ndbOf(...all.map(([own, more]) => headerOf(...own, ...more)))
        const extraction = rpmdbNdb.extract('p', bytes)
        assertSound(extraction, bytes)
        assert.ok(extraction.instances.length + extraction.problems.length <= all.length)
      },
    ),
    runs(2000),
  )
})

/** No more comes out than went in, and what comes out can be used. */
function assertSound({ instances, problems, owned = [] }: Extraction, bytes: Uint8Array): void {
  assert.ok(instances.length <= bytes.length)
  for (const { reason } of problems) assert.ok(reason.length > 3 && reason.length < 3000, reason)
  for (const { package: found } of instances) {
    assert.ok(found.name !== '' && found.version !== '')
    rpm.lookup(found, { id: 'rocky', versionId: '9.3', idLike: [] })
    rpm.compareVersions(found.version, '1-1')
  }
  for (const { paths } of owned) for (const path of paths) assert.ok(!path.startsWith('/'), path)
}
