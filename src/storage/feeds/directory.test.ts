import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { openDirectoryTransport } from './directory.ts'

const { signal } = new AbortController()

test('refuses what is no file, is too large, or has another checksum', async (t) => {
  const directory = await temporaryDirectory(t)
  const transport = openDirectoryTransport()
  await mkdir(join(directory, 'npm'))
  await writeFile(join(directory, 'all.zip'), 'content')
  const get = (name: string, request = {}): Promise<unknown> =>
    transport.get(pathToFileURL(join(directory, name)), request, { signal })
  await assert.rejects(get('npm'), { name: 'FeedError', fault: 'refused' })
  await assert.rejects(get('all.zip', { maxBytes: 3 }), { fault: 'too-large' })
  const checksum = { algorithm: 'sha256', hex: '00'.repeat(32) }
  await assert.rejects(get('all.zip', { checksum }), { fault: 'wrong-checksum' })
  assert.deepEqual(await get('PyPI/all.zip'), { kind: 'absent' })
})

test('gives a file, leaves it there, and knows it again', async (t) => {
  const directory = await temporaryDirectory(t)
  const transport = openDirectoryTransport()
  const path = join(directory, 'all.zip')
  await writeFile(path, 'one')
  const url = pathToFileURL(path)
  const answer = await transport.get(url, {}, { signal })
  if (answer.kind !== 'fetched') throw new Error('nothing was fetched')
  await answer.release()
  assert.equal(await readFile(answer.path, 'utf8'), 'one')
  const { validator } = answer
  assert.equal((await transport.get(url, { validator }, { signal })).kind, 'unchanged')
  await writeFile(path, 'another')
  const hex = createHash('sha512').update('another').digest('hex')
  const checksum = { algorithm: 'sha512', hex } as const
  assert.equal((await transport.get(url, { validator, checksum }, { signal })).kind, 'fetched')
})
