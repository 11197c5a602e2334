// How long a scan of an image takes, and how much memory: nothing known, base layers known, all known; beside other scanners in turns.
import { createReadStream } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { baseArchiveOf, unpackArchive, type BenchImage } from './image-archives.ts'
import { processorSeconds, residentBytes, watchMemory } from './memory-watch.ts'
import { findPeers, type PeerScanner, type ScanFigures } from './scan-peers.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

type Print = (line: string) => void

const rounds = 3
const mebibyte = 1024 * 1024

/** Each archive is one image in an OCI layout; `data` holds files of advisories that are imported before. */
export async function benchScan(
  print: Print,
  archives: readonly string[],
  data: readonly string[],
): Promise<void> {
  const peers = findPeers((name) => print(`${name} is not on the PATH: nothing beside it`))
  const scratch = await mkdtemp(join(tmpdir(), 'pratique-scan-'))
  try {
    const filled = join(scratch, 'filled')
    await fill(filled, data)
    for (const archive of archives) {
      const image = unpackArchive(archive, scratch)
      const other = archives.findLast((each) => each !== archive)
      report(print, image, await measureImage(print, image, { filled, peers, other }))
      await rm(image.directory, { recursive: true, force: true })
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measureImage(
  print: Print,
  image: BenchImage,
  {
    filled,
    peers,
    other,
  }: {
    readonly filled: string
    readonly peers: readonly PeerScanner[]
    /** What a server may have scanned before. */
    readonly other: string | undefined
  },
): Promise<Map<string, ScanFigures[]>> {
  const rows = new Map<string, ScanFigures[]>()
  const failed = new Set<PeerScanner>()
  for (let round = 0; round < rounds; round += 1) {
    await measureOurs(image, { filled, other }, rows)
    for (const peer of peers.filter((each) => !failed.has(each))) {
      await measurePeer(peer, image, rows).catch((error: unknown) => {
        failed.add(peer)
        print(`${image.name}: ${String(error).split('\n', 1)[0]}`)
      })
    }
  }
  return rows
}

/** A data directory with the advisories in it, which each server starts from a copy of. */
async function fill(directory: string, data: readonly string[]): Promise<void> {
  const server = await startPratique()
  try {
    for (const file of data) {
      const source = basename(file).replace(/\..*$/, '')
      const body = Readable.toWeb(createReadStream(file))
      const answer = await send(server, `/pratique/v1/advisories?source=${source}`, body)
      if (/"kind":"failed"/.test(answer)) throw new Error(`${source}: ${answer}`)
    }
    await server.restartCold(async () => cp(server.directory, directory, { recursive: true }))
  } finally {
    await server.stop()
  }
}

async function measureOurs(
  image: BenchImage,
  { filled, other }: { readonly filled: string; readonly other: string | undefined },
  rows: Map<string, ScanFigures[]>,
): Promise<void> {
  await withServer(filled, async (server) => {
    const peakBytes = await residentBytes(server.pid)
    add(rows, 'pratique at rest', { seconds: 0, processorSeconds: 0, peakBytes })
    add(
      rows,
      'pratique, first scan, by a server just started',
      await scanWith(server, image.archive),
    )
    add(rows, 'pratique, again', await scanWith(server, image.archive))
  })
  if (other !== undefined)
    await withServer(filled, async (server) => {
      await scanWith(server, other)
      const row = 'pratique, first scan, by a server that has scanned another image'
      add(rows, row, await scanWith(server, image.archive))
    })
  const base = await baseArchiveOf(image)
  if (base === undefined) return
  await withServer(filled, async (server) => {
    await scanWith(server, base)
    add(rows, 'pratique, base layer known', await scanWith(server, image.archive))
  })
  await rm(base)
}

async function withServer(
  filled: string,
  work: (server: RegistryUnderLoad) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-scan-'))
  await cp(filled, directory, { recursive: true })
  const server = await startPratique({ directory })
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

async function scanWith(server: RegistryUnderLoad, archive: string): Promise<ScanFigures> {
  const watch = watchMemory(server.pid)
  const processor = await processorSeconds(server.pid)
  const started = performance.now()
  const body = Readable.toWeb(createReadStream(archive, { highWaterMark: 256 * 1024 }))
  const answer = await send(server, '/pratique/v1/scans?kind=archive', body)
  const seconds = (performance.now() - started) / 1000
  const peakBytes = await watch.stop()
  if (!answer.includes('"packages":')) throw new Error(answer)
  const spent = (await processorSeconds(server.pid)) - processor
  return { seconds, processorSeconds: spent, peakBytes }
}

async function send(
  server: RegistryUnderLoad,
  path: string,
  body: ReadableStream,
): Promise<string> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: server.authorization ?? '', 'content-type': 'application/x-tar' },
    body,
    duplex: 'half',
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return text
}

async function measurePeer(
  peer: PeerScanner,
  image: BenchImage,
  rows: Map<string, ScanFigures[]>,
): Promise<void> {
  add(rows, peer.name, await peer.scan(image))
  if (peer.scanAgain !== undefined) add(rows, `${peer.name}, again`, await peer.scanAgain(image))
}

function add(rows: Map<string, ScanFigures[]>, name: string, figures: ScanFigures): void {
  rows.set(name, [...(rows.get(name) ?? []), figures])
}

function report(print: Print, { name }: BenchImage, rows: Map<string, ScanFigures[]>): void {
  print(name)
  const first = rows.get('pratique, first scan, by a server just started') ?? []
  for (const [row, figures] of rows) {
    const seconds = medianOf(figures, (each) => each.seconds)
    const processor = medianOf(figures, (each) => each.processorSeconds)
    const memory = medianOf(figures, ({ peakBytes }) => peakBytes / mebibyte)
    const times = figures.map((each) => each.seconds)
    const [least, most] = [Math.min(...times), Math.max(...times)]
    const spread = `${seconds.toFixed(2)} s (${least.toFixed(2)} to ${most.toFixed(2)})`
    const time = seconds === 0 ? '' : `${spread}, ${processor.toFixed(2)} s of processor, `
    const beside = `${ratio(figures, first, (each) => each.seconds)} and ${ratio(figures, first, (each) => each.processorSeconds)} of processor`
    const ours = row.startsWith('pratique') ? '' : `; first scan of ours is 1: ${beside}`
    print(`  ${row}: ${time}${memory.toFixed(0)} MiB at the peak${ours}`)
  }
}

function ratio(
  figures: readonly ScanFigures[],
  ours: readonly ScanFigures[],
  of: (figures: ScanFigures) => number,
): string {
  return (medianOf(figures, of) / medianOf(ours, of)).toFixed(2)
}

function medianOf(figures: readonly ScanFigures[], of: (figures: ScanFigures) => number): number {
  const sorted = figures.map(of).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
