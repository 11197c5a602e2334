// Every key is lost: who holds the data directory makes one of root's, and the audit log knows it.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer } from '../kit/server-process.ts'

const account = '123456789012'

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

async function rootKey(directory: string, ...args: readonly string[]): Promise<Finished> {
  const id = args[0]?.startsWith('-') === false ? args : [account, ...args]
  const words = ['account', 'root-key', ...id, '--data', directory, '--output', 'json']
  return run(process.execPath, [program, ...words])
}

function keyIn({ status, stdout, stderr }: Finished): Key {
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Key
}

test('a key of root is made of the data directory alone, and recorded before it is shown', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  const inUse = await rootKey(directory)
  assert.equal(inUse.status, 1)
  assert.match(inUse.stderr, /another server is using/)
  assert.equal(inUse.stdout, '')
  await server.stop()

  const absent = await rootKey(join(directory, 'nowhere'))
  assert.match(absent.stderr, /holds no registry/)
  const unknown = await rootKey(directory, '210987654321')
  assert.equal(unknown.status, 1)
  assert.match(unknown.stderr, /account 210987654321 cannot be found/)

  const first = keyIn(await rootKey(directory))
  keyIn(await rootKey(directory))
  const third = await rootKey(directory)
  assert.equal(third.status, 1)
  assert.match(third.stderr, /AccessKeysPerUser: 2; --replace deletes those there are/)
  const key = keyIn(await rootKey(directory, '--replace'))

  const again = await startServer(t, { directory })
  const as = ({ accessKeyId, secretAccessKey }: Key, ...words: readonly string[]) =>
    run(process.execPath, [program, ...words], {
      env: {
        ...again.environment,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    })
  const shown = await as(key, 'account', 'list', '--output', 'json')
  assert.equal(shown.status, 0, shown.stderr)
  assert.notEqual((await as(first, 'account', 'list')).status, 0, 'a key that was replaced is gone')

  const found = await as(
    key,
    'audit-log',
    'search',
    '--action',
    'pratique:CreateRootKey',
    '--output',
    'json',
  )
  assert.equal(found.status, 0, found.stderr)
  const events = JSON.parse(found.stdout) as readonly {
    readonly userIdentity: unknown
    readonly responseElements: { readonly accessKeyId: string }
  }[]
  assert.equal(events.length, 3)
  assert.equal(events[0]?.responseElements.accessKeyId, key.accessKeyId)
  const identity = { type: 'AWSService', invokedBy: 'data-directory.pratique' }
  assert.deepEqual(events[0]?.userIdentity, identity)
  const whole = await as(key, 'audit-log', 'verify')
  assert.equal(whole.status, 0, whole.stdout + whole.stderr)
  for (const name of await readdir(join(directory, 'audit'))) {
    const text = await readFile(join(directory, 'audit', name), 'utf8')
    assert.ok(!text.includes(key.secretAccessKey), 'the secret is not kept')
  }
})
