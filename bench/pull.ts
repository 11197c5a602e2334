import { Readable } from 'node:stream'
import { compare, type Print } from './compare.ts'
import { isInstalled, pushSample, wrk } from './load.ts'

const mebibyte = 1024 * 1024
const repository = 'bench/layers'
const layerBytes = 32 * mebibyte

/** GET of a 32 MiB layer: from the disk (a start on cold data, one stream), then from memory with 1 and 16 streams. */
export async function benchPull(print: Print): Promise<void> {
  if (!isInstalled('wrk')) {
    print('pull needs wrk (Debian package wrk)')
    return
  }
  await compare(
    print,
    5,
    async (target) => {
      const { layer } = await pushSample(target, repository, layerBytes)
      return `/v2/${repository}/blobs/${layer.digest}`
    },
    async (target, path) => {
      await target.restartCold()
      const cold = await timePull(target.url + path, target.authorization)
      const one = await wrk(target, path, { connections: 1, seconds: 4 })
      const many = await wrk(target, path, { connections: 16, seconds: 4 })
      return {
        'cold, MiB/s': layerBytes / mebibyte / cold,
        'one stream, MiB/s': one.bytesPerSecond / mebibyte,
        '16 streams, MiB/s': many.bytesPerSecond / mebibyte,
      }
    },
  )
}

/** Seconds until the last byte. */
async function timePull(url: string, authorization: string | undefined): Promise<number> {
  const started = performance.now()
  const answer = await fetch(url, authorization === undefined ? {} : { headers: { authorization } })
  let received = 0
  if (answer.body === null) throw new Error('no body')
  for await (const piece of Readable.fromWeb(answer.body))
    received += (piece as Uint8Array).byteLength
  if (received !== layerBytes) throw new Error(`${received} bytes came of ${layerBytes}`)
  return (performance.now() - started) / 1000
}
