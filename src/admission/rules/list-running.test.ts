// What kubectl and docker print becomes a report: what runs, by the digests that nodes pulled, under the names of what started it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns } from '../../../test/kit/fuzz-runs.ts'
import { listRunning } from './list-running.ts'
import { readClusterReport } from './cluster-report.ts'

interface Case {
  readonly name: string
  readonly input: unknown
  readonly expected: unknown
  readonly source: string
}

const cases = JSON.parse(
  readFileSync(new URL('running-cases/list-running.json', import.meta.url), 'utf8'),
) as readonly Case[]

for (const { name, input, expected } of cases)
  test(name, () => {
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    const reading = listRunning(text)
    assert.deepEqual(reading.kind === 'read' ? reading.images : reading.problem, expected)
  })

test('whatever is listed is read or refused, and what is read is a report or refused as one', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((value) => JSON.stringify({ items: [value] })),
        fc
          .record({
            metadata: fc.record({
              name: fc.string(),
              labels: fc.jsonValue(),
              ownerReferences: fc.array(
                fc.record({
                  kind: fc.constantFrom('ReplicaSet', 'Job', 'Node', 'X'),
                  name: fc.string(),
                }),
              ),
            }),
            status: fc.record({
              containerStatuses: fc.array(
                fc.record({
                  state: fc.constant({ running: {} }),
                  image: fc.string(),
                  imageID: fc.string(),
                }),
              ),
            }),
          })
          .map((pod) => JSON.stringify({ items: [pod] })),
      ),
      (text) => {
        const reading = listRunning(text)
        if (reading.kind === 'refused') assert.notEqual(reading.problem, '')
        else assert.ok(readClusterReport({ images: reading.images }).kind.length > 0)
      },
    ),
    { numRuns: fuzzRuns(200) },
  )
})
