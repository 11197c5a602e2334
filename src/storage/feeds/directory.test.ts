import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { openDirectoryFeed } from './directory.ts'

const { signal } = new AbortController()

test('refuses what is absent, no file, or outside of the directory', async (t) => {
  const directory = await temporaryDirectory(t)
  const feed = openDirectoryFeed(directory)
  await mkdir(join(directory, 'npm'))
  for (const name of ['PyPI/all.zip', 'npm', '../x', '/etc/passwd']) {
    await assert.rejects(feed.fetch(name, undefined, { signal }), { name: 'FeedError' })
  }
})

test('gives a file, leaves it there, and knows it again', async (t) => {
  const directory = await temporaryDirectory(t)
  const feed = openDirectoryFeed(directory)
  const path = join(directory, 'all.zip')
  await writeFile(path, 'one')
  const answer = await feed.fetch('all.zip', undefined, { signal })
  if (answer.kind !== 'fetched') throw new Error('nothing was fetched')
  await answer.release()
  assert.equal(await readFile(answer.path, 'utf8'), 'one')
  assert.equal((await feed.fetch('all.zip', answer.validator, { signal })).kind, 'unchanged')
  await writeFile(path, 'another')
  assert.equal((await feed.fetch('all.zip', answer.validator, { signal })).kind, 'fetched')
})
