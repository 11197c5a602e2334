// The scanners that stand beside this one in `npm run bench -- scan`, run as a user runs them, on the same archive.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchImage } from './image-archives.ts'
import { processorSeconds, watchMemory } from './memory-watch.ts'

export interface ScanFigures {
  readonly seconds: number
  readonly processorSeconds: number
  readonly peakBytes: number
}

export interface PeerScanner {
  readonly name: string
  /** Without anything kept from an earlier run. */
  scan(image: BenchImage): Promise<ScanFigures>
  /** With what an earlier run kept; absent where nothing is kept. */
  scanAgain?(image: BenchImage): Promise<ScanFigures>
}

/** Those that are on the PATH; `skip` is told of the others. Their data is what they find on this machine: nothing is fetched. */
export function findPeers(skip: (name: string) => void): readonly PeerScanner[] {
  const peers = [
    { program: 'syft', peer: syft },
    { program: 'grype', peer: grype },
    { program: 'trivy', peer: trivy },
  ]
  return peers.flatMap(({ program, peer }) => {
    if (spawnSync(program, ['--version']).error === undefined) return [peer]
    skip(program)
    return []
  })
}

const offline = {
  SYFT_CHECK_FOR_APP_UPDATE: 'false',
  GRYPE_CHECK_FOR_APP_UPDATE: 'false',
  GRYPE_DB_AUTO_UPDATE: 'false',
  GRYPE_DB_VALIDATE_AGE: 'false',
}

const syft: PeerScanner = {
  name: 'syft (packages only)',
  scan: async ({ archive }) => measure('syft', [`oci-archive:${archive}`, '-q', '-o', 'json']),
}

const grype: PeerScanner = {
  name: 'grype',
  scan: async ({ archive }) => measure('grype', [`oci-archive:${archive}`, '-q', '-o', 'json']),
}

/** Without its data it tells packages, as an inventory. */
const trivy: PeerScanner = {
  name: 'trivy (packages only)',
  async scan(image) {
    const cache = await mkdtemp(join(tmpdir(), 'trivy-cache-'))
    try {
      return await measure('trivy', trivyArguments(image, cache))
    } finally {
      await rm(cache, { recursive: true, force: true })
    }
  },
  async scanAgain(image) {
    const cache = await mkdtemp(join(tmpdir(), 'trivy-cache-'))
    try {
      await measure('trivy', trivyArguments(image, cache))
      return await measure('trivy', trivyArguments(image, cache))
    } finally {
      await rm(cache, { recursive: true, force: true })
    }
  },
}

function trivyArguments({ directory }: BenchImage, cache: string): readonly string[] {
  const quiet = ['--quiet', '--offline-scan', '--skip-version-check']
  return ['image', '--input', directory, '--cache-dir', cache, '--format', 'cyclonedx', ...quiet]
}

async function measure(program: string, args: readonly string[]): Promise<ScanFigures> {
  const started = performance.now()
  const child = spawn(program, args, {
    env: { ...process.env, ...offline },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  const watch = watchMemory(child.pid ?? 0)
  const ended = new AbortController()
  const processor = watchProcessor(child.pid ?? 0, ended.signal)
  await once(child, 'exit')
  ended.abort()
  const seconds = (performance.now() - started) / 1000
  const peakBytes = await watch.stop()
  if (child.exitCode !== 0)
    throw new Error(`${program} ended with ${child.exitCode}: ${Buffer.concat(said).toString()}`)
  return { seconds, processorSeconds: await processor, peakBytes }
}

/** As it was when it was last looked at: what has ended tells nothing any more. */
async function watchProcessor(pid: number, signal: AbortSignal): Promise<number> {
  let most = 0
  while (!signal.aborted) {
    most = Math.max(most, await processorSeconds(pid))
    await delay(20)
  }
  return most
}
