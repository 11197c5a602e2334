// Where the master key comes from: what must not be trusted is refused, and nothing that a source holds is in a refusal.
import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { Secret } from '../../src/lib/secret.ts'
import { openKeyCommand } from '../../src/storage/master-key/command.ts'
import { givenKeys } from '../../src/storage/master-key/environment.ts'
import { openKeyFile } from '../../src/storage/master-key/file.ts'
import {
  MasterKeySourceError,
  type MasterKeySource,
} from '../../src/storage/master-key/master-key-source.ts'
import { temporaryDirectory } from '../kit/database.ts'

const canary = 'canary-of-the-master-key'

function refusal(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MasterKeySourceError, String(error))
    assert.match(error.message, words)
    assert.ok(!inspect(error, { depth: null }).includes(canary))
    return true
  }
}

async function keyFile(t: TestContext, mode: number): Promise<string> {
  const path = join(await temporaryDirectory(t), 'key')
  await writeFile(path, canary)
  await chmod(path, mode)
  return path
}

for (const mode of [0o644, 0o640, 0o604, 0o660, 0o610]) {
  test(`a file that others can read or write is refused (${mode.toString(8)})`, async (t) => {
    const path = await keyFile(t, mode)
    await assert.rejects(openKeyFile(path).read(), refusal(/chmod 600/))
  })
}

test('a directory is no master key', async (t) => {
  const path = join(await temporaryDirectory(t), 'key')
  await mkdir(path, { mode: 0o700 })
  await assert.rejects(openKeyFile(path).read(), refusal(/is no file/))
})

test('a file that is not there is none yet; what is written is private, and what a link names is replaced', async (t) => {
  const directory = await temporaryDirectory(t)
  const link = join(directory, 'link')
  const source = openKeyFile(join(directory, 'key'))
  assert.equal(await source.read(), undefined)
  await source.write?.(new Secret(canary))
  assert.equal((await stat(join(directory, 'key'))).mode & 0o777, 0o600)
  await symlink(join(directory, 'key'), link)
  await openKeyFile(link).write?.(new Secret('next'))
  assert.equal(await readFile(join(directory, 'key'), 'utf8'), 'next')
  assert.equal((await openKeyFile(link).read())?.reveal(), 'next')
})

for (const mode of [0o600, 0o400]) {
  test(`a file of this user alone is read (${mode.toString(8)})`, async (t) => {
    const read = await openKeyFile(await keyFile(t, mode)).read()
    assert.equal(read?.reveal(), canary)
    assert.ok(!inspect(read).includes(canary))
  })
}

/** Node itself, with a script as its argument. */
function command(script: string, previous?: string, timeoutMs = 20_000): MasterKeySource {
  const words = (text: string): readonly [string, ...string[]] => [process.execPath, '-e', text]
  return openKeyCommand({
    primary: words(script),
    previous: previous === undefined ? undefined : words(previous),
    timeoutMs,
  })
}

const refusedCommands: readonly (readonly [name: string, script: string, words: RegExp])[] = [
  ['that fails', `console.error('${canary}'); process.exit(3)`, /ended with exit code 3$/],
  ['that is killed', `process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 9e6)`, /SIGTERM$/],
  [
    'that writes without end',
    `setInterval(() => console.log('${canary}'.repeat(99)))`,
    /more than 4096 bytes$/,
  ],
]
for (const [name, script, words] of refusedCommands) {
  test(`a command ${name} is refused, and what it said is not told`, async () => {
    await assert.rejects(command(script).read(), refusal(words))
  })
}

test('a command that does not end is killed, and so is one whose child keeps its output open', async () => {
  const forever = `setTimeout(() => {}, 9e6)`
  const orphan = `require('node:child_process').spawn('sleep', ['9'], { stdio: 'inherit' }).unref()`
  for (const script of [forever, orphan]) {
    await assert.rejects(command(script, undefined, 1500).read(), refusal(/no key within 1.5 s$/))
  }
})

test('a command that is not there is refused by its name alone', async () => {
  const source = openKeyCommand({
    primary: ['/nonexistent/vault', canary],
    previous: undefined,
    timeoutMs: 1000,
  })
  await assert.rejects(source.read(), refusal(/\/nonexistent\/vault, cannot be run \(ENOENT\)$/))
})

test('a command’s words reach it as they are: no shell reads them', async () => {
  const script = `console.log(process.argv[1])`
  const primary = [process.execPath, '-e', script, '$(id); `id`'] as const
  const source = openKeyCommand({ primary, previous: undefined, timeoutMs: 20_000 })
  assert.equal((await source.read())?.reveal().trim(), '$(id); `id`')
})

test('a command is asked anew at each read, and the previous key comes after the first', async () => {
  const source = command(`console.log('new' + process.hrtime.bigint())`, `console.log('old')`)
  const [one, two] = [await source.read(), await source.read()]
  assert.match(one?.reveal() ?? '', /^new\d+\s+old\s*$/)
  assert.notEqual(one?.reveal(), two?.reveal())
  assert.equal(source.write, undefined)
})

test('keys of the environment are the first and the previous, and not the server’s to change', async () => {
  const source = givenKeys(new Secret('new'), new Secret('old'))
  assert.equal((await source.read())?.reveal(), 'new\nold')
  assert.equal(source.write, undefined)
  assert.ok(!inspect(source, { showHidden: true, depth: 5 }).includes('old'))
})
