// The audit log of a running server keeps within its size: it refuses changes then, or its oldest segments give way, and both are told.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateRepositoryCommand, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { run } from '../kit/run.ts'
import { testLog } from '../kit/segments.ts'
import { program, startServer } from '../kit/server-process.ts'

const mib = 1024 * 1024

test('settings that make no sense are refused at the start', () => {
  for (const [name, value, expected] of [
    ['PRATIQUE_AUDIT_MAX_MIB', '15', 'whole MiB from 16 to 999999, or none'],
    ['PRATIQUE_AUDIT_MAX_MIB', '1GiB', 'whole MiB from 16 to 999999, or none'],
    ['PRATIQUE_AUDIT_AT_MAX', 'drop', 'refuse or remove-oldest'],
  ] as const) {
    const env = { ...process.env, [name]: value }
    const { status, stderr } = spawnSync(process.execPath, [program, 'serve'], { env })
    assert.notEqual(status, 0)
    assert.ok(stderr.toString().includes(expected), stderr.toString())
  }
})

/** A data directory with the log of an earlier time, of 18 MiB even when it is compressed. */
async function fullDirectory(t: Parameters<typeof temporaryDirectory>[0]): Promise<string> {
  const directory = await temporaryDirectory(t)
  await mkdir(join(directory, 'audit'), { mode: 0o700 })
  const { log, segments } = await testLog({ maxSegmentBytes: 4 * mib })
  for (let number = 0; number < 1500; number += 1) {
    const noise = randomBytes(12 * 1024).toString('base64')
    await log.recordDurably(JSON.stringify({ noise, pratique: { number } }))
  }
  await log.close()
  for (const [name, bytes] of segments.files) {
    await writeFile(join(directory, 'audit', name), bytes, { mode: 0o600 })
  }
  return directory
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(join(directory, 'audit'))
  const sizes = await Promise.all(names.map((name) => stat(join(directory, 'audit', name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} ([0-9.e+]+)$`, 'm').exec(text)?.[1])
}

test('at its greatest size a required log refuses changes, and reads go on', async (t) => {
  const directory = await fullDirectory(t)
  const environment = { PRATIQUE_AUDIT_MAX_MIB: '16' }
  const server = await startServer(t, { directory, environment })
  const create = server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await assert.rejects(create, { name: 'ServerException', message: /audit log cannot be written/ })
  const { repositories } = await server.ecr.send(new DescribeRepositoriesCommand({}))
  assert.deepEqual(repositories, [])
  assert.ok((await metric(server.url, 'pratique_audit_log_bytes')) > 16 * mib)
  assert.equal(await metric(server.url, 'pratique_audit_segments_removed_total'), 0)
})

test('where the oldest give way changes go on, and what is gone is told by log, verification and metrics', async (t) => {
  const directory = await fullDirectory(t)
  const environment = { PRATIQUE_AUDIT_MAX_MIB: '16', PRATIQUE_AUDIT_AT_MAX: 'remove-oldest' }
  let output = ''
  const onOutput = (text: string): void => {
    output += text
  }
  const server = await startServer(t, { directory, environment, onOutput })
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  assert.ok((await metric(server.url, 'pratique_audit_segments_removed_total')) > 0)
  assert.ok((await metric(server.url, 'pratique_audit_log_bytes')) < 16 * mib)
  assert.match(output, /"event":"audit.removed-oldest"/)
  const ask = (...words: readonly string[]) =>
    run(process.execPath, [program, 'audit-log', ...words], { env: server.environment })
  const running = await ask('verify')
  assert.equal(running.status, 0, running.stdout + running.stderr)
  assert.match(running.stdout, /older segments are gone/)
  assert.match(running.stdout, /oldest segments were removed, since the log had its greatest size/)
  const found = await ask('search', '--action', 'ecr:CreateRepository')
  assert.match(found.stdout, /CreateRepository/)

  await server.stop()
  assert.ok((await bytesIn(directory)) < 20 * mib)
  const stopped = await ask('verify', '--data', directory)
  assert.equal(stopped.status, 0, stopped.stdout + stopped.stderr)
  const names = (await readdir(join(directory, 'audit'))).toSorted()
  const packed = names.filter((name) => name.endsWith('.zst'))
  assert.ok(packed.length > 0, names.join())
  const [first = ''] = packed
  const alone = await ask('verify', join(directory, 'audit', first))
  assert.equal(alone.status, 0, alone.stdout + alone.stderr)
  assert.match(alone.stdout, /hang together/)
  const byServer = await ask('verify', '--by-server', join(directory, 'audit', first))
  assert.equal(byServer.status, 2)
})
