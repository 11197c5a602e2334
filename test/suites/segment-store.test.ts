// What every driver of segments promises.
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openFilesystemSegments } from '../../src/storage/segments/filesystem.ts'
import type { SegmentStore } from '../../src/storage/segments/segment-store.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { memorySegments } from '../kit/segments.ts'

const drivers: Readonly<Record<string, (t: TestContext) => Promise<SegmentStore>>> = {
  filesystem: async (t) => openFilesystemSegments(join(await temporaryDirectory(t), 'segments')),
  memory: async () => Promise.resolve(memorySegments()),
}

for (const [driver, open] of Object.entries(drivers)) {
  test(`${driver}: a segment that is not there has no bytes and no place in the list`, async (t) => {
    const store = await open(t)
    assert.deepEqual(await store.list(), [])
    assert.equal(await store.read('none', 0, 10), undefined)
    await store.remove('none')
  })

  test(`${driver}: nobody makes a segment that is there`, async (t) => {
    const store = await open(t)
    await (await store.create('a-1')).close()
    await assert.rejects(store.create('a-1'))
  })

  test(`${driver}: what is appended is read at any place, by whoever opens it again, and listed by name`, async (t) => {
    const store = await open(t)
    const second = await store.create('a-2')
    const first = await store.create('a-1')
    await first.append(Buffer.from('one'))
    await second.append(Buffer.from('two'))
    await first.sync()
    await first.close()
    const again = await store.open('a-1')
    assert.equal(again.bytes, 3)
    await again.append(Buffer.from('more'))
    assert.equal(again.bytes, 7)
    assert.equal(String(await store.read('a-1', 2, 3)), 'emo')
    assert.equal(String(await store.read('a-1', 5, 100)), 're')
    assert.equal(String(await store.read('a-1', 50, 100)), '')
    const listed = await store.list()
    assert.deepEqual(listed, [
      { name: 'a-1', bytes: 7 },
      { name: 'a-2', bytes: 3 },
    ])
    await Promise.all([again.close(), second.close()])
  })

  test(`${driver}: an end that is cut off is gone, and the next append stands in its place`, async (t) => {
    const store = await open(t)
    const appender = await store.create('a-1')
    await appender.append(Buffer.from('abcdef'))
    await appender.truncate(2)
    await appender.append(Buffer.from('X'))
    assert.equal(String(await store.read('a-1', 0, 10)), 'abX')
    await appender.close()
    await store.remove('a-1')
    assert.deepEqual(await store.list(), [])
  })
}

test('filesystem: only the owner may read a segment, and no name leaves the directory', async (t) => {
  const directory = join(await temporaryDirectory(t), 'segments')
  const store = openFilesystemSegments(directory)
  await (await store.create('a-1')).close()
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
  assert.equal((await stat(join(directory, 'a-1'))).mode & 0o777, 0o600)
  for (const name of ['../a', 'a/b', '', '.hidden']) {
    await assert.rejects(store.create(name), /no name of a segment/)
    await assert.rejects(async () => store.read(name, 0, 1), /no name of a segment/)
  }
})
