// The master key as an operator handles it: sources, rotation of a server that serves, backups of before and after.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateRepositoryCommand, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const newKey = (): string => randomBytes(32).toString('base64')

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

/** A start that must be refused: what it says. */
async function refusedStart(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const settings = {
    PRATIQUE_DATA: directory,
    PRATIQUE_LISTEN: '127.0.0.1:0',
    PRATIQUE_LOG: 'json',
  }
  const env = { PATH: process.env['PATH'], ...settings, ...environment }
  const { status, stdout, stderr } = await run(process.execPath, [program, 'serve'], { env })
  assert.notEqual(status, 0)
  assert.ok(!stderr.includes('    at '), stderr)
  return stdout + stderr
}

async function isSignedIn(server: ServerProcess, authorization: string): Promise<boolean> {
  const { status } = await fetch(`${server.url}/v2/`, { headers: { authorization } })
  return status === 200
}

async function ecrToken(server: ServerProcess): Promise<string> {
  const { authorizationData } = await server.ecr.send(new GetAuthorizationTokenCommand({}))
  return `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}`
}

function basic({ accessKeyId, secretAccessKey }: ServerProcess): string {
  return `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`
}

async function keysOf(server: ServerProcess): Promise<readonly { id: string; records: number }[]> {
  const { stdout } = await pratique(server, 'keys', 'list', '--output', 'json')
  return (JSON.parse(stdout) as { keys: { id: string; records: number }[] }).keys
}

test('another key, no key, an open file and two sources are refused in a sentence, and change nothing', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  await server.stop()
  const file = join(directory, 'master.key')
  const kept = await readFile(file, 'utf8')
  const other = newKey()
  const asks: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ PRATIQUE_MASTER_KEY: other }, /sealed under another master key, [0-9a-f]{16}; given was/],
    [{ PRATIQUE_MASTER_KEY: `${other}x` }, /PRATIQUE_MASTER_KEY holds no master key/],
    [
      { PRATIQUE_MASTER_KEY_FILE: join(directory, 'none') },
      /there is no master key .*put the file back/,
    ],
    [
      { PRATIQUE_MASTER_KEY_COMMAND: 'false' },
      /the command for the master key, false, ended with exit code 1/,
    ],
    [{ PRATIQUE_MASTER_KEY: other, PRATIQUE_MASTER_KEY_FILE: file }, /more than one source/],
  ]
  for (const [environment, expected] of asks) {
    const said = await refusedStart(directory, environment)
    assert.match(said, expected)
    assert.ok(!said.includes(other) && !said.includes(kept.trim()))
  }
  await chmod(file, 0o644)
  assert.match(await refusedStart(directory, {}), /open to other users \(mode 644\): chmod 600/)
  await rm(file)
  assert.match(await refusedStart(directory, {}), /put the file back/)
  assert.ok(!(await readdir(directory)).includes('master.key'))
  await writeFile(file, kept, { mode: 0o600 })
  const again = await startServer(t, { directory })
  assert.ok(await isSignedIn(again, basic(again)))
})

test('a rotation of a server that serves: everything opens as before, the former key is kept for its tokens', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  const [before] = await keysOf(server)
  const token = await ecrToken(server)
  const rotated = await pratique(server, 'keys', 'rotate-master')
  assert.equal(rotated.status, 0, rotated.stderr)
  const records = before?.records ?? 0
  assert.ok(records > 0)
  assert.ok(
    rotated.stdout.startsWith(`sealed ${records} records under the new key`),
    rotated.stdout,
  )
  assert.ok(await isSignedIn(server, token))
  assert.ok(await isSignedIn(server, await ecrToken(server)))
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'after' }))
  const keys = await keysOf(server)
  assert.equal(keys.length, 2)
  assert.notEqual(keys[0]?.id, before?.id)
  assert.deepEqual([keys[0]?.records, keys[1]?.records], [records, 0])
  await server.stop('SIGKILL')
  const again = await startServer(t, { directory })
  assert.ok(await isSignedIn(again, token))
  assert.ok(await isSignedIn(again, basic(again)))
})

test('with --end-sessions nothing opens that was made under the former key, and it is in no file', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  const former = (await readFile(join(directory, 'master.key'), 'utf8')).trim()
  const token = await ecrToken(server)
  const rotated = await pratique(server, 'keys', 'rotate-master', '--end-sessions')
  assert.equal(rotated.status, 0, rotated.stderr)
  assert.ok(!(await isSignedIn(server, token)))
  assert.ok(await isSignedIn(server, basic(server)))
  // Its seals of before are verified with a key that is not the master key’s.
  const verified = await pratique(server, 'audit-log', 'verify')
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  for (const name of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue
    const content = await readFile(join(name.parentPath, name.name))
    assert.ok(!content.includes(former), name.name)
    assert.ok(!content.includes(Buffer.from(former, 'base64')), name.name)
  }
})

test('who has no right to it rotates nothing', async (t) => {
  const server = await startServer(t)
  const url = `${server.url}/pratique/v1/master-keys/rotations`
  for (const authorization of ['', 'Basic QVdTOng=']) {
    const { status } = await fetch(url, { method: 'POST', headers: { authorization } })
    assert.equal(status, 401)
  }
  const nonsense = await fetch(`${url}?end-sessions=maybe`, {
    method: 'POST',
    headers: { authorization: basic(server) },
  })
  assert.equal(nonsense.status, 400)
  assert.equal((await keysOf(server)).length, 1)
})

test('a key of the environment is warned of, and rotated by a start with both', async (t) => {
  const directory = await temporaryDirectory(t)
  const [first, second] = [newKey(), newKey()]
  let output = ''
  const onOutput = (text: string): void => {
    output += text
  }
  const server = await startServer(t, {
    directory,
    environment: { PRATIQUE_MASTER_KEY: first },
    onOutput,
  })
  assert.match(output, /master-key.in-environment/)
  assert.ok(!(await readdir(directory)).includes('master.key'))
  const refused = await pratique(server, 'keys', 'rotate-master')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /PRATIQUE_MASTER_KEY still gives key/)
  const token = await ecrToken(server)
  await server.stop()
  assert.match(await refusedStart(directory, { PRATIQUE_MASTER_KEY: second }), /another master key/)
  const both = { PRATIQUE_MASTER_KEY: second, PRATIQUE_MASTER_KEY_PREVIOUS: first }
  const rotated = await startServer(t, { directory, environment: both, onOutput })
  assert.ok(await isSignedIn(rotated, token))
  while ((await keysOf(rotated)).some(({ records }, at) => at > 0 && records > 0)) continue
  assert.ok(!output.includes(first) && !output.includes(second))
})

test('a key store behind a command is rotated without a restart', async (t) => {
  const directory = await temporaryDirectory(t)
  const store = join(await temporaryDirectory(t), 'store')
  await writeFile(store, `${newKey()}\n`, { mode: 0o600 })
  const environment = { PRATIQUE_MASTER_KEY_COMMAND: `cat '${store}'` }
  const server = await startServer(t, { directory, environment })
  assert.equal((await pratique(server, 'keys', 'rotate-master')).status, 1)
  await writeFile(store, `${newKey()}\n${await readFile(store, 'utf8')}`)
  const rotated = await pratique(server, 'keys', 'rotate-master')
  assert.equal(rotated.status, 0, rotated.stderr)
  assert.equal((await keysOf(server)).length, 2)
  assert.ok(await isSignedIn(server, basic(server)))
})

test('backups of before and after a rotation open with the keys that the pages say', async (t) => {
  const directory = await temporaryDirectory(t)
  const place = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  const at = (name: string): string => join(place, name)
  const backUp = async (name: string, ...flags: readonly string[]): Promise<void> => {
    assert.equal((await pratique(server, 'backup', at(name), ...flags)).status, 0)
  }
  const restore = async (name: string, ...flags: readonly string[]): Promise<Finished> =>
    pratique(server, 'restore', at(name), at(`${name}-restored`), ...flags)
  await backUp('before')
  await backUp('before-keyless', '--without-keys')
  await copyFile(join(directory, 'master.key'), at('key-before'))
  assert.equal((await pratique(server, 'keys', 'rotate-master')).status, 0)
  await copyFile(join(directory, 'master.key'), at('key-between'))
  await backUp('after')
  assert.equal((await pratique(server, 'keys', 'rotate-master', '--end-sessions')).status, 0)
  await copyFile(join(directory, 'master.key'), at('key-after'))

  assert.equal((await restore('before')).status, 0)
  assert.equal((await restore('after')).status, 0)
  const wrong = await restore('before-keyless', '--master-key', at('key-after'))
  assert.equal(wrong.status, 1)
  assert.match(wrong.stderr, /sealed under another master key/)
  const between = await restore('before-keyless', '--master-key', at('key-between'))
  assert.equal(between.status, 0, between.stderr)
  const restored = await startServer(t, { directory: at('after-restored') })
  assert.ok(await isSignedIn(restored, basic(restored)))
})

test('a key that lies apart is in no backup, and a restore takes it from where it lies', async (t) => {
  const directory = await temporaryDirectory(t)
  const place = await temporaryDirectory(t)
  const key = join(place, 'apart.key')
  const server = await startServer(t, { directory, environment: { PRATIQUE_MASTER_KEY_FILE: key } })
  const backup = join(place, 'backup.tar')
  assert.equal((await pratique(server, 'backup', backup)).status, 0)
  assert.ok(!(await readFile(backup)).includes((await readFile(key, 'utf8')).trim()))
  const target = join(place, 'restored')
  const keyless = await pratique(server, 'restore', backup, target)
  assert.equal(keyless.status, 1)
  assert.match(keyless.stderr, /was kept apart from the data: set PRATIQUE_MASTER_KEY_FILE/)
  const environment = { ...server.environment, PRATIQUE_MASTER_KEY_FILE: key }
  const args = [program, 'restore', backup, target]
  const restored = await run(process.execPath, args, { env: environment })
  assert.equal(restored.status, 0, restored.stderr)
  assert.ok(!(await readdir(target)).includes('master.key'))
})
