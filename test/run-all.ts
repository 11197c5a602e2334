// npm run test:all: every test, in processes that share what was compiled (hundreds of them read the same program), with the files
// that they write in memory where there is room, since waiting for a disk shows nothing.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const tests = ['src/**/*.test.ts', 'cli/**/*.test.ts', 'test/**/*.test.ts']
/** Files of tests are few and small, but for those that fill a disk of their own. */
const roomBytes = 4 * 2 ** 30

async function hasRoom(directory: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize >= roomBytes
  } catch {
    return false
  }
}

const inMemory = '/dev/shm'
const isChosen = process.env['TMPDIR'] !== undefined
const base = !isChosen && (await hasRoom(inMemory)) ? inMemory : tmpdir()
// Of this run alone: what another user or another version has left is not read.
const directory = await mkdtemp(join(base, 'pt-'))
const cache = join(directory, 'compiled')
const run = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', ...process.argv.slice(2), ...tests],
  {
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: directory, NODE_COMPILE_CACHE: cache },
  },
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
  await rm(directory, { recursive: true, force: true })
}
