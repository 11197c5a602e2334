import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { compare, type Figures, type Print } from './compare.ts'
import { digestOf, isInstalled, pushBytes, pushFile } from './load.ts'
import type { RegistryUnderLoad } from './servers.ts'

const mebibyte = 1024 * 1024
const repository = 'bench/layers'

/** Blobs of 1 MiB and 10 MiB, one after another and 8 at once, and one of 1 GiB; each is acknowledged when it is durable. */
export async function benchPush(print: Print): Promise<void> {
  if (!isInstalled('curl')) {
    print('push needs curl')
    return
  }
  await compare(
    print,
    5,
    (target) => target.makeRepository(repository),
    async (target) => ({
      '1 MiB, MiB/s': await rate(target, { size: mebibyte, count: 24, atOnce: 1 }),
      '1 MiB 8 at once, MiB/s': await rate(target, { size: mebibyte, count: 48, atOnce: 8 }),
      '10 MiB, MiB/s': await rate(target, { size: 10 * mebibyte, count: 8, atOnce: 1 }),
      '10 MiB 8 at once, MiB/s': await rate(target, { size: 10 * mebibyte, count: 16, atOnce: 8 }),
    }),
  )
  await compare(print, 3, (target) => target.makeRepository(repository), pushGibibyte)
}

/** Every blob is new: a registry that has a blob may answer without writing it. */
async function rate(
  target: RegistryUnderLoad,
  load: { readonly size: number; readonly count: number; readonly atOnce: number },
): Promise<number> {
  const waiting = Array.from({ length: load.count }, () => {
    const bytes = randomBytes(load.size)
    return { bytes, digest: digestOf(bytes) }
  })
  const agent = new Agent({ keepAlive: true, maxSockets: load.atOnce })
  const started = performance.now()
  const pusher = async (): Promise<void> => {
    for (let blob = waiting.pop(); blob !== undefined; blob = waiting.pop()) {
      await pushBytes(target, repository, blob.bytes, { agent, digest: blob.digest })
    }
  }
  await Promise.all(Array.from({ length: load.atOnce }, pusher))
  const seconds = (performance.now() - started) / 1000
  agent.destroy()
  return (load.count * load.size) / mebibyte / seconds
}

async function pushGibibyte(target: RegistryUnderLoad): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  try {
    const path = join(directory, 'layer')
    const hash = createHash('sha256')
    const file = await open(path, 'w')
    for (let index = 0; index < 64; index += 1) {
      const piece = randomBytes(16 * mebibyte)
      hash.update(piece)
      await file.write(piece)
    }
    await file.sync()
    await file.close()
    const started = performance.now()
    await pushFile(target, repository, path, `sha256:${hash.digest('hex')}`)
    return { '1 GiB, MiB/s': 1024 / ((performance.now() - started) / 1000) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
