// npm run crash [-- PART…]: everything, or the parts whose name has one of the words; ends with 1 when anything was violated.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runParts, wholeHarness } from './harness.ts'
import { invariantNames } from './store-invariants.ts'
import { table } from './tally.ts'

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const words = process.argv.slice(2)
const parts = wholeHarness().filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
)
// Servers start hundreds of times: what the first has read of the program, the others need not.
const cache = await mkdtemp(join(tmpdir(), 'pratique-compiled-'))
process.env['NODE_COMPILE_CACHE'] = cache
try {
  const tallies = await runParts(parts, {
    laboratories: 2,
    told(tally, ms) {
      // Told at once, since a run that is stopped has no table.
      const { steps, kills, faults, checks, violations } = tally
      print(
        `${tally.name}: ${steps} steps, ${kills} kills, ${faults} faults, ${checks} invariants checked, ${violations.length} violations, ${Math.round(ms / 1000)} s`,
      )
      for (const violation of tally.violations) print(`VIOLATION ${violation}`)
    },
  })
  for (const { name, skip } of parts) if (skip !== false) print(`${name}: skipped, ${skip}`)
  print(`\n${table(tallies)}`)
  print(
    `Each verification asks every question that a client can ask, and holds ${invariantNames.length} invariants of the store:`,
  )
  for (const name of invariantNames) print(`  ${name}`)
  process.exitCode = tallies.every(({ violations }) => violations.length === 0) ? 0 : 1
} finally {
  await rm(cache, { recursive: true, force: true })
}
