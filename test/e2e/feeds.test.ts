// Feeds as an operator has them: a mirror, the command line, a schedule, and a machine without a network.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { osvRecord } from '../kit/advisories.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { serveFiles, zipFiles } from '../kit/feeds.ts'
import { fileServer } from '../kit/file-server.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

function archive(count: number): Buffer {
  return zipFiles(
    Array.from({ length: count }, (_, at) => [
      `A-${at}.json`,
      JSON.stringify(osvRecord({ id: `A-${at}` })),
    ]),
  )
}

const catalogue = JSON.stringify({
  vulnerabilities: [{ cveID: 'CVE-2021-44228', dateAdded: '2021-12-10' }],
})

const filesOf = (count: number): ReadonlyMap<string, Buffer | string> =>
  new Map<string, Buffer | string>([
    ['osv/npm/all.zip', archive(count)],
    ['kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', catalogue],
  ])

async function place(t: TestContext, settings: Readonly<Record<string, string>> = {}) {
  const mirror = await fileServer(t, serveFiles(filesOf(40)))
  const output: string[] = []
  const server = await startServer(t, {
    environment: {
      PRATIQUE_FEEDS: 'osv/npm,kev',
      PRATIQUE_FEED_MIRRORS: mirror.url.href,
      ...settings,
    },
    onOutput: (text) => output.push(text),
  })
  return { mirror, server, output }
}

test('db update reads the feeds of the settings from a mirror, again finds nothing new, and db remove ends what they do not name', async (t) => {
  const { server } = await place(t)
  const first = await pratique(server, 'db', 'update')
  assert.equal(first.status, 0, first.stderr)
  assert.match(
    first.stdout,
    /^osv\/npm: added 40, changed 0, removed 0, revision [0-9]+\nkev: facts 1/,
  )
  const again = await pratique(server, 'db', 'update', 'osv/npm', 'kev')
  assert.equal(again.stdout, 'osv/npm: unchanged\nkev: unchanged\n')
  const status = await pratique(server, 'db', 'status')
  assert.match(status.stdout, /osv\/npm +40 +feed/)
  assert.doesNotMatch(status.stdout, /Not up to date/)
  const chosen = await pratique(server, 'db', 'remove', 'osv/npm')
  assert.equal(chosen.status, 1)
  assert.match(chosen.stderr, /the settings name the feed of osv\/npm/)
  const file = join(await temporaryDirectory(t), 'own.ndjson')
  await writeFile(file, `${JSON.stringify(osvRecord({ id: 'OWN-1' }))}\n`)
  await pratique(server, 'db', 'import', file)
  const removed = await pratique(server, 'db', 'remove', 'own')
  assert.match(removed.stdout, /^own: 1 records removed, revision [0-9]+$/m)
  assert.equal((await pratique(server, 'db', 'remove', 'own')).status, 5)
})

test('what is held back is told with the command that takes it', async (t) => {
  const { server, mirror } = await place(t)
  await pratique(server, 'db', 'update')
  mirror.answer = serveFiles(filesOf(20))
  const held = await pratique(server, 'db', 'update', 'osv/npm')
  assert.equal(held.status, 1)
  assert.match(held.stderr, /osv\/npm: held: the snapshot lacks 20 of the 40 records/)
  assert.match(held.stderr, /pratique db update --confirm-loss osv\/npm/)
  const { stdout } = await pratique(server, 'db', 'status')
  assert.match(stdout, /osv\/npm +40 +feed/)
  assert.match(stdout, /osv\/npm +held +20[0-9T:.-]+Z +20[0-9T:.-]+Z .*lacks 20 of the 40/)
  const taken = await pratique(server, 'db', 'update', '--confirm-loss', 'osv/npm')
  assert.equal(taken.status, 0, taken.stderr)
  assert.match(taken.stdout, /osv\/npm: added 0, changed 0, removed 20/)
})

test('a name that no feed has is refused with the nearest one', async (t) => {
  const { server } = await place(t)
  const { status, stderr } = await pratique(server, 'db', 'update', 'kevv')
  assert.notEqual(status, 0)
  assert.match(stderr, /"kevv" is no feed: did you mean kev\?/)
})

test('a server refreshes by itself, and a machine without network says so in one line', async (t) => {
  const { server, mirror, output } = await place(t, { PRATIQUE_FEED_EVERY_MINUTES: '120' })
  await until(async () => /osv\/npm +40/.test((await pratique(server, 'db', 'status')).stdout))
  assert.ok(mirror.paths.includes('/archive/osv/npm/all.zip'))
  assert.match(output.join(''), /"event":"feed.imported","source":"osv\/npm","added":40/)

  const nobody = await closedAddress()
  const alone = await place(t, {
    PRATIQUE_FEED_EVERY_MINUTES: '120',
    PRATIQUE_FEED_MIRRORS: nobody,
    PRATIQUE_FEEDS: 'osv/npm,kev,epss',
  })
  const failing = (): Promise<Finished> => pratique(alone.server, 'db', 'status')
  await until(async () => /epss +unreachable/.test((await failing()).stdout))
  const { stdout } = await failing()
  assert.match(stdout, /kev +unreachable +20.* never +20.*cannot be reached: connect ECONNREFUSED/)
  const lines = alone.output.join('').split('\n')
  assert.equal(lines.filter((line) => line.includes('"event":"feed.unreachable"')).length, 1)
  assert.equal(lines.filter((line) => line.includes('"event":"job.failed"')).length, 0)
})

test('a directory that somebody carried here is a mirror', async (t) => {
  const directory = await temporaryDirectory(t)
  await mkdir(join(directory, 'osv/npm'), { recursive: true })
  await writeFile(join(directory, 'osv/npm/all.zip'), archive(3))
  const { server } = await place(t, { PRATIQUE_FEED_MIRRORS: pathToFileURL(directory).href })
  const update = await pratique(server, 'db', 'update')
  assert.match(update.stdout, /osv\/npm: added 3/)
  assert.match(update.stderr, /kev: refused: kev has no data/)
  assert.equal(update.status, 1)
})

/** Asks again until it is so; a test run has an end of its own. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

async function closedAddress(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  return `http://127.0.0.1:${address.port}`
}
