// Backup, restore and check as an operator runs them, against the product under load, with kills in the middle.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

function authorization(server: ServerProcess): string {
  const pair = `${server.accessKeyId}:${server.secretAccessKey}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

async function ask(
  server: ServerProcess,
  method: string,
  path: string,
  body?: Buffer,
  type = 'application/octet-stream',
): Promise<number> {
  const headers = { authorization: authorization(server), 'content-type': type }
  const sent = body === undefined ? {} : { body: new Uint8Array(body) }
  const answer = await fetch(server.url + path, { method, headers, ...sent })
  await answer.arrayBuffer()
  return answer.status
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes an image of one config and one layer; its tag, once it is acknowledged. */
async function pushImage(server: ServerProcess, tag: string, layer: Buffer): Promise<string> {
  const config = Buffer.from(JSON.stringify({ tag, os: 'linux', architecture: 'amd64' }))
  for (const blob of [config, layer]) {
    const path = `/v2/app/blobs/uploads/?digest=${digestOf(blob)}`
    assert.equal(await ask(server, 'POST', path, blob), 201)
  }
  const descriptor = (mediaType: string, content: Buffer): object => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  )
  assert.equal(await ask(server, 'PUT', `/v2/app/manifests/${tag}`, manifest, manifestType), 201)
  return tag
}

async function serverWithRepository(t: TestContext): Promise<ServerProcess> {
  const server = await startServer(t, { environment: { PRATIQUE_DEFAULTS: 'aws' } })
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  return server
}

function pausesOf(directory: string): number {
  const raw = new DatabaseSync(join(directory, 'pratique.db'), { readOnly: true })
  const row = raw.prepare('SELECT COUNT(*) AS n FROM deletion_pauses').get()
  raw.close()
  return Number(row?.['n'])
}

test('a backup taken in the middle of pushes, deletes and a collection restores clean, and serves', async (t) => {
  const server = await serverWithRepository(t)
  const place = await temporaryDirectory(t)
  for (let n = 0; n < 12; n += 1) await pushImage(server, `before-${n}`, randomBytes(400_000))
  const file = join(place, 'backup.tar')
  const load = { isOver: false }
  const pushing = async (worker: number): Promise<void> => {
    for (let n = 0; !load.isOver; n += 1) {
      const tag = await pushImage(server, `load-${worker}-${n}`, randomBytes(100_000))
      if (n % 2 === 0) assert.equal(await ask(server, 'DELETE', `/v2/app/manifests/${tag}`), 202)
    }
  }
  const workers = [pushing(0), pushing(1), pushing(2)]
  const collected = await pratique(server, 'gc')
  assert.equal(collected.status, 0, collected.stderr)
  const [backup, collectedAgain, checked] = await Promise.all([
    pratique(server, 'backup', file),
    pratique(server, 'gc'),
    pratique(server, 'fsck', '--hashes'),
  ])
  load.isOver = true
  await Promise.all(workers)
  assert.equal(backup.status, 0, backup.stderr)
  assert.equal(collectedAgain.status, 0, collectedAgain.stderr)
  assert.equal(checked.status, 0, checked.stdout)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await pratique(server, 'backup', file)).status, 2, 'no backup is overwritten')
  const directory = join(place, 'restored')
  const restored = await pratique(server, 'restore', file, directory)
  assert.equal(restored.status, 0, restored.stdout + restored.stderr)
  assert.match(restored.stdout, /no problem found\nrestored into /)
  const second = await startServer(t, { directory })
  assert.equal(second.accessKeyId, server.accessKeyId)
  for (let n = 0; n < 12; n += 1)
    assert.equal(await ask(second, 'GET', `/v2/app/manifests/before-${n}`), 200)
  const again = await pratique(second, 'fsck', '--hashes', '--output', 'json')
  assert.equal(again.status, 0, again.stdout)
  await pushImage(second, 'after', randomBytes(1000))
})

test('a backup that is killed leaves nothing that counts, and bytes go again; one that the server is killed under fails', async (t) => {
  const server = await serverWithRepository(t)
  const place = await temporaryDirectory(t)
  for (let n = 0; n < 10; n += 1) await pushImage(server, `v${n}`, randomBytes(3_000_000))
  const file = join(place, 'backup.tar')
  const child = spawn(process.execPath, [program, 'backup', '-'], {
    env: server.environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'readable')
  const ended = once(child, 'exit')
  const data = server.environment['PRATIQUE_DATA'] ?? ''
  assert.equal(pausesOf(data), 1)
  child.kill('SIGKILL')
  await ended
  const leftovers = async (): Promise<number> =>
    (await readdir(join(data, 'tmp'))).length + pausesOf(data)
  for (let turn = 0; turn < 500 && (await leftovers()) > 0; turn += 1) await delay(20)
  assert.equal(await leftovers(), 0, 'no copy of the database, no pause')
  const whole = await pratique(server, 'backup', file)
  assert.equal(whole.status, 0, whole.stderr)
  const slow = spawn(process.execPath, [program, 'backup', join(place, 'cut.tar')], {
    env: server.environment,
    stdio: 'ignore',
  })
  const failed = once(slow, 'exit')
  while (!(await readdir(place)).includes('cut.tar.partial') && slow.exitCode === null)
    await new Promise((resolve) => setImmediate(resolve))
  await server.stop('SIGKILL')
  await failed
  // The kill may have come when all had been sent.
  const kept = (await readdir(place)).filter((name) => name.startsWith('cut'))
  assert.deepEqual(kept, slow.exitCode === 0 ? ['cut.tar'] : [])
  const again = await startServer(t, { directory: data })
  assert.deepEqual(await readdir(join(data, 'tmp')), [], 'no copy of the database is left')
  assert.equal((await pratique(again, 'fsck', '--hashes')).status, 0)
})

test('a restore that is killed leaves no directory, and the next one succeeds', async (t) => {
  const server = await serverWithRepository(t)
  const place = await temporaryDirectory(t)
  for (let n = 0; n < 10; n += 1) await pushImage(server, `v${n}`, randomBytes(2_000_000))
  const file = join(place, 'backup.tar')
  assert.equal((await pratique(server, 'backup', file)).status, 0)
  const directory = join(place, 'restored')
  let kills = 0
  for (const wanted of ['restoring.db', 'pratique.db', 'blobs']) {
    const child = spawn(process.execPath, [program, 'restore', file, directory], {
      env: server.environment,
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    const names = async (): Promise<readonly string[]> =>
      readdir(`${directory}.restoring`).catch(() => [])
    while (!(await names()).includes(wanted) && child.exitCode === null)
      await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    await ended
    // On a busy machine it may have been faster than the kill.
    if (child.exitCode === 0) await rm(directory, { recursive: true })
    else kills += 1
    assert.ok(!(await readdir(place)).includes('restored'), `killed when ${wanted} was there`)
  }
  assert.ok(kills > 0)
  const restored = await pratique(server, 'restore', file, directory)
  assert.equal(restored.status, 0, restored.stderr)
  assert.deepEqual((await readdir(place)).toSorted(), ['backup.tar', 'restored'])
})

test('restore refuses what is not empty, what a server uses, and another’s folder beside it; fsck of a directory in use too', async (t) => {
  const server = await serverWithRepository(t)
  const place = await temporaryDirectory(t)
  await pushImage(server, 'v1', randomBytes(1000))
  const file = join(place, 'backup.tar')
  assert.equal((await pratique(server, 'backup', file, '--without-keys')).status, 0)
  const inUse = server.environment['PRATIQUE_DATA'] ?? ''
  const refused = await pratique(server, 'restore', file, inUse)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /is not empty/)
  const directory = join(place, 'restored')
  const keyless = await pratique(server, 'restore', file, directory)
  assert.equal(keyless.status, 1)
  assert.match(keyless.stderr, /--master-key/)
  const beside = `${directory}.restoring`
  await run('mkdir', [beside])
  await writeFile(join(beside, 'precious'), 'x')
  const inTheWay = await pratique(server, 'restore', file, directory)
  assert.match(inTheWay.stderr, /is in the way/)
  await rm(beside, { recursive: true })
  const key = join(inUse, 'master.key')
  const restored = await pratique(server, 'restore', file, directory, '--master-key', key)
  assert.equal(restored.status, 0, restored.stderr)
  const used = await pratique(server, 'fsck', '--data', inUse)
  assert.equal(used.status, 1)
  assert.match(used.stderr, /another server is using/)
  const unused = await pratique(server, 'fsck', '--hashes', '--data', directory)
  assert.equal(unused.status, 0, unused.stderr)
  const absent = await pratique(server, 'fsck', '--data', join(place, 'nowhere'))
  assert.equal(absent.status, 1)
  assert.match(absent.stderr, /holds no registry/)
  assert.ok(!(await readdir(place)).includes('nowhere'))
})

test('fsck: damage made by hand is told with exit 3, repaired, and healed by a push', async (t) => {
  const server = await serverWithRepository(t)
  const layer = randomBytes(50_000)
  await pushImage(server, 'v1', layer)
  const blobs = join(server.environment['PRATIQUE_DATA'] ?? '', 'blobs')
  for (const name of await readdir(blobs, { recursive: true })) {
    const { size } = await stat(join(blobs, name))
    if (size === layer.length) await writeFile(join(blobs, name), randomBytes(layer.length))
  }
  assert.equal((await pratique(server, 'fsck')).status, 0)
  const found = await pratique(server, 'fsck', '--hashes', '--output', 'json')
  assert.equal(found.status, 3, found.stderr)
  const { problems } = JSON.parse(found.stdout) as { problems: { kind: string; subject: string }[] }
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [['blob-damaged', digestOf(layer)]],
  )
  const path = `/v2/app/blobs/${digestOf(layer)}`
  assert.equal(await ask(server, 'HEAD', path), 200)
  assert.equal((await pratique(server, 'fsck', '--hashes', '--repair')).status, 3)
  assert.equal(await ask(server, 'HEAD', path), 404)
  await pushImage(server, 'v1', layer)
  assert.equal((await pratique(server, 'fsck', '--hashes')).status, 0)
  assert.equal((await pratique(server, 'fsck', '--max-rate', 'fast')).status, 2)
})

test('a start on a database that is newer, or damaged, ends with one sentence that says what to do', async (t) => {
  const server = await startServer(t)
  const directory = server.environment['PRATIQUE_DATA'] ?? ''
  const file = join(directory, 'pratique.db')
  await server.stop()
  const raw = new DatabaseSync(file)
  raw.exec('UPDATE schema_version SET version = 999')
  raw.close()
  const newer = await pratique(server, 'serve', '--listen', '127.0.0.1:0')
  assert.equal(newer.status, 1)
  assert.match(newer.stderr, /^pratique: the database has schema version 999, this program knows/)
  assert.doesNotMatch(newer.stderr, /fault of the program/)
  await writeFile(file, Buffer.alloc(8192, 'x'))
  const damaged = await pratique(server, 'fsck', '--data', directory)
  assert.equal(damaged.status, 1)
  assert.match(damaged.stderr, /is damaged: put the directory aside and restore a backup/)
})
