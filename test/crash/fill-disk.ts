// A small disk of its own is filled to its floor, and to its last byte, with the database's log on it.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InitiateLayerUploadCommand, UploadLayerPartCommand } from '@aws-sdk/client-ecr'
import { Refused } from './client.ts'
import {
  contentOf,
  createRepository,
  deleteTag,
  imageOf,
  pushBlob,
  putByTag,
} from './image-client.ts'
import { Lab } from './lab.ts'
import { collect, hourMs } from './scenarios.ts'
import { StartRefused } from './server-under-test.ts'
import type { Tally } from './tally.ts'

const mebibyte = 1024 * 1024

/** Mounts a disk of that size, and takes it away again; undefined where that is not allowed. */
export async function withSmallDisk(
  mebibytes: number,
  work: (directory: string) => Promise<void>,
): Promise<'done' | 'not allowed'> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-disk-'))
  const mounted = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${mebibytes}m`,
    'tmpfs',
    directory,
  ])
  try {
    if (mounted.status !== 0) return 'not allowed'
    await work(directory)
    return 'done'
  } finally {
    if (mounted.status === 0) spawnSync('umount', [directory])
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Uploads are refused while there is room left for everything else, which goes on. */
export async function fillToFloor(directory: string, tally: Tally): Promise<void> {
  tally.at('filled to its floor')
  const lab = await Lab.open({ flags: { minFreeMib: '8' } }, directory)
  try {
    const { client } = lab
    await createRepository(client, 'full/app', 'MUTABLE')
    await fill(lab, tally)
    tally.judged(1, freeBytes(directory) > 4 * mebibyte ? [] : ['the floor was not kept'])
    await lab.verify(tally, undefined, false)
    for (const tag of client.state.get('full/app')?.tags.keys() ?? []) {
      await deleteTag(client, 'full/app', tag, false)
    }
    await lab.verify(tally, undefined, false)
    await lab.advanceClock(25 * hourMs)
    await collect(client, { untagged: true })
    await lab.advanceClock(25 * hourMs)
    await collect(client, { untagged: true })
    await lab.advanceClock(2 * hourMs)
    await collect(client, { untagged: true })
    await pushBlob(client, 'full/app', contentOf(mebibyte))
    await lab.settle(tally)
  } finally {
    await lab.close()
  }
}

/** Without a floor, to the last byte: refused in form, read on, started again, and whole as soon as there is room. */
export async function fillToTheLastByte(directory: string, tally: Tally): Promise<void> {
  tally.at('filled to its last byte')
  const lab = await Lab.open({}, directory)
  const ballast = join(directory, 'ballast')
  try {
    await createRepository(lab.client, 'full/app', 'MUTABLE')
    writeFileSync(ballast, Buffer.alloc(6 * mebibyte))
    await fill(lab, tally)
    writeUntilFull(join(directory, 'last-bytes'))
    await lab.verify(tally, undefined, false)
    await refusedByApi(lab, tally)
    await lab.verify(tally, undefined, false)
    await lab.server.kill()
    tally.kills += 1
    await startOnFullDisk(lab, ballast, tally)
    rmSync(ballast, { force: true })
    const config = contentOf(300)
    await pushBlob(lab.client, 'full/app', config)
    await putByTag(lab.client, 'full/app', 'after', imageOf(config, []))
    await jobsGoOn(lab, tally)
    await lab.settle(tally)
  } finally {
    rmSync(ballast, { force: true })
    await lab.close()
  }
}

/** Images of a mebibyte until one is refused, which must be told as such. */
async function fill(lab: Lab, tally: Tally): Promise<void> {
  for (let number = 0; number < 200; number += 1) {
    const config = contentOf(300)
    const layer = contentOf(mebibyte)
    try {
      for (const blob of [config, layer]) await pushBlob(lab.client, 'full/app', blob)
      await putByTag(lab.client, 'full/app', `v${number}`, imageOf(config, [layer]))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      tally.faults += 1
      lab.client.pending = undefined
      const { status, headers } = error.answer
      const isTold = status === 507 && headers.get('retry-after') !== null
      tally.judged(1, isTold ? [] : [`a full disk is answered ${error.message}`])
      return
    }
  }
  tally.violated('the disk was never full')
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch {
    // That there is no more room is what was wanted.
  } finally {
    closeSync(file)
  }
}

async function refusedByApi(lab: Lab, tally: Tally): Promise<void> {
  const repositoryName = 'full/app'
  const bytes = contentOf(100_000).bytes
  try {
    await lab.client.operation(
      () => undefined,
      async (ecr) => {
        const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
        const part = { partFirstByte: 0, partLastByte: bytes.length - 1, layerPartBlob: bytes }
        await ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...part }))
      },
    )
    tally.violated('the API took a layer on a full disk')
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    tally.faults += 1
    const { status, headers } = error.answer
    const name = headers.get('x-amzn-errortype')
    const isTold = status === 500 && name === 'ServerException'
    tally.judged(1, isTold ? [] : [`the API answers ${status} ${name}`])
  }
  lab.client.pending = undefined
}

/** It serves what is there; where the system leaves it no room even for that, it says so in a sentence. */
async function startOnFullDisk(lab: Lab, ballast: string, tally: Tally): Promise<void> {
  try {
    await lab.restart()
    await lab.verify(tally, undefined, false)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    const isTold = error.isStartError && error.message.includes('is full')
    tally.judged(1, isTold ? [] : [`a start on a full disk says: ${error.message}`])
    rmSync(ballast)
    await lab.start()
  }
}

async function jobsGoOn(lab: Lab, tally: Tally): Promise<void> {
  const { status, body } = await lab.client.ask({ method: 'GET', path: '/readyz' })
  tally.judged(1, status === 200 ? [] : [`not ready: ${body.toString()}`])
}
