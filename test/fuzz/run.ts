// `npm run fuzz`: the fuzzing and interleaving tests with more runs than `npm test` has, each time from another seed.
// `npm run fuzz -- 50` for fifty times as many; a failure names its seed, and PRATIQUE_FUZZ_SEED=N plays it again.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [times = '10', ...files] = process.argv.slice(2)
const patterns = files.length > 0 ? files : ['test/fuzz/*.test.ts', 'test/model/*.test.ts']
const { status } = spawnSync(process.execPath, ['--test', ...patterns], {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  env: { ...process.env, PRATIQUE_FUZZ_RUNS: times },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
