import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { fakeClock } from '../../../test/kit/fake-clock.ts'
import { systemIds } from '../../lib/ids.ts'
import { StorageFullError } from '../storage-full.ts'
import { newStorageKey, type BlobStore } from './blob-store.ts'
import { floorBytes, withFreeSpaceFloor } from './free-space-floor.ts'
import { openMemoryBlobs } from './memory.ts'

const gibibyte = 1024 ** 3

test('the floor by itself is a twentieth of a small disk, and 2 GiB of a large one', () => {
  assert.equal(floorBytes('auto', 20 * gibibyte), gibibyte)
  assert.equal(floorBytes('auto', 4000 * gibibyte), 2 * gibibyte)
  assert.equal(floorBytes(0, gibibyte), 0)
  assert.equal(floorBytes(5, gibibyte), 5)
})

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text))
}

/** A store on a disk of a hundred bytes, of which the test says how many are free. */
function smallDisk() {
  const clock = fakeClock()
  const disk = { freeBytes: 50 }
  const inner = openMemoryBlobs(clock)
  const space = async (): ReturnType<BlobStore['space']> =>
    Promise.resolve({ freeBytes: disk.freeBytes, totalBytes: 100 })
  return { disk, clock, blobs: withFreeSpaceFloor({ ...inner, space }, { floor: 20, clock }) }
}

test('below the floor no bytes are taken; what is there is read, deleted and closed', async () => {
  const { disk, clock, blobs } = smallDisk()
  const [kept, other] = [newStorageKey(systemIds), newStorageKey(systemIds)]
  await blobs.write(kept, 0, pieces('kept'))
  disk.freeBytes = 19
  clock.advance(1000)
  await assert.rejects(blobs.write(other, 0, pieces('more')), StorageFullError)
  await assert.rejects(blobs.write(kept, 4, pieces('more')), /takes no more blobs/)
  assert.equal(await blobs.write(kept, 4, pieces()), 4)
  await blobs.sync(kept)
  assert.equal((await buffer(await blobs.read(kept))).toString(), 'kept')
  await blobs.delete(kept)
  assert.equal(await blobs.size(kept), undefined)
})

test('bytes are taken again as soon as there is room, without a restart', async () => {
  const { disk, clock, blobs } = smallDisk()
  const key = newStorageKey(systemIds)
  disk.freeBytes = 0
  await assert.rejects(blobs.write(key, 0, pieces('more')), StorageFullError)
  disk.freeBytes = 24
  clock.advance(1000)
  assert.equal(await blobs.write(key, 0, pieces('more')), 4)
})

test('many uploads within a second do not pass the floor together', async () => {
  const { blobs } = smallDisk()
  const add = (text: string) => blobs.write(newStorageKey(systemIds), 0, pieces(text))
  await add('x'.repeat(25))
  await assert.rejects(add('x'.repeat(6)), StorageFullError)
})

test('an upload under way ends when others have taken the room', async () => {
  const { disk, clock, blobs } = smallDisk()
  async function* long(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('first'))
    disk.freeBytes = 10
    clock.advance(1000)
    yield Buffer.from('second')
  }
  await assert.rejects(blobs.write(newStorageKey(systemIds), 0, long()), StorageFullError)
})

test('uploads that begin together while the disk is asked for the first time wait for its answer', async () => {
  const { blobs } = smallDisk()
  const writes = ['a', 'b', 'c'].map((text) =>
    blobs.write(newStorageKey(systemIds), 0, pieces(text)),
  )
  assert.deepEqual(await Promise.all(writes), [1, 1, 1])
})
