import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { elfOf, fatOf, machOOf, peOf } from '../../../test/kit/executable-builder.ts'
import { describe } from '../../../test/kit/extractor-cases.ts'
import { auditedBinary } from './audited-binary.ts'

const path = 'usr/bin/tool'
const list = {
  packages: [
    { name: 'app', version: '0.1.0', source: 'local', root: true, dependencies: [1, 7] },
    { name: 'time', version: '0.1.45', source: 'crates.io' },
    { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
  ],
}

function section(document: unknown): Buffer {
  return deflateSync(JSON.stringify(document))
}

test('crates are read from every format, once from a fat file, and name what they need', () => {
  const sections = [{ name: '.dep-v0', bytes: section(list) }]
  const mac = machOOf(sections)
  const builds = [elfOf(sections), elfOf(sections, { isBigEndian: true }), peOf(sections), mac]
  for (const bytes of [...builds, fatOf([mac, mac])]) {
    const extraction = auditedBinary.extract(path, bytes)
    assert.deepEqual(extraction.problems, [])
    assert.deepEqual(describe(extraction, path), [
      'app 0.1.0',
      'time 0.1.45',
      'cc 1.0.0; declared; dev',
    ])
    assert.deepEqual(extraction.instances[0]?.dependsOn, ['time@0.1.45'])
  }
})

test('what follows the list in a padded section is no part of it', () => {
  const bytes = Buffer.concat([section(list), Buffer.alloc(400)])
  assert.equal(auditedBinary.extract(path, peOf([{ name: '.dep-v0', bytes }])).instances.length, 3)
})

test('a list that cannot be read is a problem, and never a bomb', () => {
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from('no zlib'), /cannot be decompressed/],
    [deflateSync(Buffer.alloc(9 * 1024 * 1024, 32)), /cannot be decompressed/],
    [deflateSync('{"packages":'), /cannot be decompressed or parsed/],
    [section({ packages: {} }), /has no packages/],
    [section([]), /has no packages/],
    [section({ packages: [{ name: 'a' }, null, { name: '', version: '1' }] }), /3 crates/],
  ]
  for (const [bytes, reason] of cases) {
    const { instances, problems } = auditedBinary.extract(path, elfOf([{ name: '.dep-v0', bytes }]))
    assert.deepEqual(instances, [])
    assert.match(problems.map((problem) => problem.reason).join('; '), reason)
  }
})

test('a program without the section says nothing', () => {
  assert.deepEqual(auditedBinary.extract(path, elfOf([{ name: '.data', bytes: section(list) }])), {
    instances: [],
    problems: [],
  })
})
