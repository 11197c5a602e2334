import { randomBytes } from 'node:crypto'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInstalled, pushBlob, pushManifest, wrk } from './load.ts'
import { startDistribution, startPratique, type RegistryUnderLoad } from './servers.ts'

const seconds = 8
const connections = 16

/** GET of one manifest by tag, 16 connections, driven by wrk. */
export async function benchManifestGet(print: (line: string) => void): Promise<void> {
  if (!isInstalled('wrk')) {
    print('manifest-get needs wrk (Debian package wrk)')
    return
  }
  const ours = await measure(await startPratique(), print)
  const peer = await startDistribution()
  if (peer === undefined) {
    print('no peer: docker-registry is not installed')
    return
  }
  const theirs = await measure(peer, print)
  print(`ratio of requests per second: ${(ours / theirs).toFixed(1)}`)
}

async function measure(target: RegistryUnderLoad, print: (line: string) => void): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  try {
    const content = randomBytes(1024)
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    const file = join(directory, 'layer')
    await writeFile(file, content)
    await target.makeRepository('bench/app')
    await pushBlob(target, 'bench/app', file, digest)
    await pushManifest(target, 'bench/app', 'v1', { digest, size: content.byteLength })
    await wrk(target, '/v2/bench/app/manifests/v1', { connections, seconds: 2 })
    const result = await wrk(target, '/v2/bench/app/manifests/v1', { connections, seconds })
    print(`${target.name}: ${Math.round(result.requestsPerSecond)} requests/s, ${result.latency}`)
    return result.requestsPerSecond
  } finally {
    await target.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
