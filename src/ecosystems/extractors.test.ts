import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bytesOf,
  describe,
  findExtractor,
  ownCases,
  publicCases,
  publicBytes,
  publicReadings,
  readingOf,
  type PublicCase,
} from '../../test/kit/extractor-cases.ts'

for (const { name, extractor: id, path, file, expected } of ownCases()) {
  test(`${id}: ${name}`, () => {
    const extractor = findExtractor(id)
    const bytes = bytesOf(file)
    assert.ok(extractor.wants(path), `${id} does not want ${path}`)
    if (extractor.recognises !== undefined)
      assert.ok(extractor.recognises(bytes.subarray(0, 4096)), `${id} does not recognise the file`)
    const extraction = extractor.extract(path, bytes)
    assert.deepEqual(describe(extraction, path), expected.packages)
    const { problems } = extraction
    const wanted = expected.problems ?? []
    assert.equal(problems.length, wanted.length, JSON.stringify(problems))
    problems.forEach((problem, index) => {
      assert.ok(problem.path.startsWith(path), problem.path)
      assert.ok(problem.reason.includes(wanted[index] ?? ''), problem.reason)
    })
  })
}

const cases = publicCases()
const readings = publicReadings()
const skip = cases === undefined ? 'shared data is absent' : false

test(
  'public fixtures: each file gives what its origin expects, or a difference that is explained',
  { skip },
  () => {
    const told: string[] = []
    for (const example of cases ?? []) {
      const complaint = complaintAbout(example)
      if (complaint !== undefined) told.push(complaint)
    }
    assert.deepEqual(told, [])
  },
)

test('public fixtures: every explained difference is of a case that is there', { skip }, () => {
  const known = new Set(
    (cases ?? []).map((it) => `${readingOf(it, readings)?.key ?? ''}: ${it.case}`),
  )
  const stale = [...readings].flatMap(([origin, { differences = [] }]) =>
    differences.map(({ case: name }) => `${origin}: ${name}`).filter((name) => !known.has(name)),
  )
  assert.deepEqual(stale, [])
})

function complaintAbout(example: PublicCase): string | undefined {
  const reading = readingOf(example, readings)?.reading
  if (reading === undefined) return undefined
  const bytes = publicBytes(example, reading.path)
  const { instances } = findExtractor(reading.extractor).extract(reading.path, bytes)
  const ours = new Set(instances.map(({ package: it }) => `${it.name} ${it.version}`))
  const theirs = new Set(example.expected.map(({ name, version }) => `${name} ${version}`))
  const missing = [...theirs].filter((name) => !ours.has(name)).toSorted()
  const extra = [...ours].filter((name) => !theirs.has(name)).toSorted()
  const explained = reading.differences?.find(
    (difference) =>
      difference.case === example.case && example.path.endsWith(difference.file ?? ''),
  )
  const isExplained =
    JSON.stringify([missing, extra]) ===
    JSON.stringify([(explained?.missing ?? []).toSorted(), (explained?.extra ?? []).toSorted()])
  return isExplained
    ? undefined
    : `${example.origin}: ${example.case}: ${JSON.stringify({ missing, extra })}`
}
