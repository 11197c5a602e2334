// npm run test:all: every test, in processes that share what was compiled (hundreds of them read the same program), with the files
// that they write in memory where there is room, since waiting for a disk shows nothing. What tests start is bundled first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundlePrograms } from './kit/bundle-programs.ts'

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

/** Starts the bundled server once and lets it end in order, which is when Node keeps what it compiled: tests kill most of theirs. */
async function compileServer(programs: string, data: string, cache: string): Promise<void> {
  const settings = {
    PRATIQUE_DATA: data,
    PRATIQUE_LISTEN: '127.0.0.1:0',
    PRATIQUE_FEED_EVERY_MINUTES: '0',
    PRATIQUE_LOG: 'silent',
  }
  const server = spawn(process.execPath, [join(programs, 'pratique.mjs'), 'serve'], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: cache, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(server, 'exit')
  // Its first line, or its end.
  await Promise.race([once(server.stdout, 'data'), ended])
  server.kill()
  await ended
}

async function runTests(environment: NodeJS.ProcessEnv): Promise<number> {
  // Every test waits now and then, for a timer or another program: one more than can run keeps the machine busy.
  const concurrency = Math.min(availableParallelism() + 1, 4)
  const options = ['--test', `--test-concurrency=${concurrency}`, ...process.argv.slice(2)]
  const run = spawn(process.execPath, [...options, ...tests], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  // The runner has them too, ends its tests and tells; the directory goes after that.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal))
  return new Promise((resolve, reject) => {
    run.once('error', reject)
    run.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}

const inMemory = '/dev/shm'
const isChosen = process.env['TMPDIR'] !== undefined
const base = !isChosen && (await hasRoom(inMemory)) ? inMemory : tmpdir()
// Of this run alone: what another user or another version has left is not read.
const directory = await mkdtemp(join(base, 'pt-'))
const cache = join(directory, 'compiled')
const programs = join(directory, 'programs')
try {
  await bundlePrograms(programs)
  await compileServer(programs, join(directory, 'first'), cache)
  process.exitCode = await runTests({
    TMPDIR: directory,
    NODE_COMPILE_CACHE: cache,
    BUNDLED_PROGRAMS: programs,
  })
} finally {
  await rm(directory, { recursive: true, force: true })
}
