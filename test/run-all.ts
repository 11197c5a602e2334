// npm run test:all: every test, in processes that share what was compiled. Hundreds of them read the same program.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const tests = ['src/**/*.test.ts', 'cli/**/*.test.ts', 'test/**/*.test.ts']
// Of this run alone: what another user or another version has left is not read.
const cache = await mkdtemp(join(tmpdir(), 'pratique-compiled-'))
const run = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', ...process.argv.slice(2), ...tests],
  { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: cache } },
)
// The runner has them too, ends its tests and tells; the directory goes after that.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal))
try {
  process.exitCode = await new Promise<number>((resolve, reject) => {
    run.once('error', reject)
    run.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
} finally {
  await rm(cache, { recursive: true, force: true })
}
