// A few dozen kills and faults of the harness; all of them by npm run crash.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quickHarness, runPart } from './harness.ts'
import { Lab } from './lab.ts'
import { Tally } from './tally.ts'

let lab: Lab | undefined
let cache: string | undefined

before(async () => {
  // Of the whole run, where it has one.
  if (process.env['NODE_COMPILE_CACHE'] === undefined) {
    cache = await mkdtemp(join(tmpdir(), 'pratique-compiled-'))
    process.env['NODE_COMPILE_CACHE'] = cache
  }
  lab = await Lab.open()
})

after(async () => {
  await lab?.close()
  if (cache !== undefined) await rm(cache, { recursive: true, force: true })
})

for (const part of quickHarness()) {
  test(
    `nothing acknowledged is lost, nothing else is visible, nothing is left: ${part.name}`,
    { skip: part.skip },
    async () => {
      assert.ok(lab)
      const tally = new Tally(part.name)
      lab = await runPart(part, lab, tally)
      assert.deepEqual(tally.violations, [])
    },
  )
}
