// A registry with a million images: how long it takes to start, and what a collection costs it and those it serves meanwhile.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isInstalled, pushBytes, pushImage, wrk } from './load.ts'
import { residentBytes, watchMemory } from './memory-watch.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

const images = 1_000_000
const repositories = 1000
/** Of the blobs, one in ten is needed by no manifest. */
const blobs = 1_000_000
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const longAgo = Date.UTC(2026, 0, 1)

export async function benchMillion(print: (line: string) => void): Promise<void> {
  const server = await startPratique()
  try {
    await server.makeRepository('bench/app')
    const digest = await pushBytes(server, 'bench/app', Buffer.from('layer'))
    await pushImage(server, 'bench/app', 'v1', { digest, size: 5 })
    const start = await server.restartCold(async () => {
      fill(server.directory)
      return Promise.resolve()
    })
    const size = await databaseBytes(server.directory)
    print(
      `start with ${images} manifests (database of ${(size / 2 ** 30).toFixed(1)} GiB), cold: ${start.toFixed(0)} ms to ready`,
    )
    await collect(server, print)
  } finally {
    await server.stop()
  }
}

/** Rows as pushes would have made them, written past the server, which is stopped. Each image has a blob of its own and one that it shares. */
function fill(directory: string): void {
  const database = new DatabaseSync(join(directory, 'pratique.db'))
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN')
  const account = '123456789012'
  const statements = {
    repository: database.prepare(
      `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at) VALUES (?, ?, ?, 'MUTABLE', 0, ?)`,
    ),
    blob: database.prepare(
      `INSERT INTO blobs (id, digest, size, storage_key, state, created_at) VALUES (?, ?, 1, ?, 'live', ?)`,
    ),
    link: database.prepare(
      'INSERT INTO blob_links (repository_id, blob_id, linked_at) VALUES (?, ?, ?)',
    ),
    manifest: database.prepare(
      `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
       VALUES (?, ?, '${manifestType}', 2, ?, 'arn:aws:iam::${account}:user/bench', ?, ?)`,
    ),
    needs: database.prepare(
      `INSERT INTO manifest_blobs (repository_id, manifest_digest, position, role, blob_digest, media_type, size)
       VALUES (?, ?, ?, 'layer', ?, 'application/vnd.oci.image.layer.v1.tar', 1)`,
    ),
    tag: database.prepare(
      'INSERT INTO tags (repository_id, name, digest, updated_at) VALUES (?, ?, ?, ?)',
    ),
  }
  const firstRepository = 1000
  const firstBlob = 1000
  for (let index = 0; index < repositories; index += 1) {
    statements.repository.run(firstRepository + index, account, `million/r${index}`, longAgo)
  }
  for (let index = 0; index < blobs; index += 1) {
    const key = hexOf(`key ${index}`).slice(0, 32)
    const shard = join(directory, 'blobs', key.slice(0, 2), key.slice(2, 4))
    mkdirSync(shard, { recursive: true })
    writeFileSync(join(shard, key), 'x')
    statements.blob.run(firstBlob + index, blobDigest(index), key, longAgo)
    statements.link.run(firstRepository + (index % repositories), firstBlob + index, longAgo)
  }
  for (let index = 0; index < images; index += 1) {
    const repository = firstRepository + (index % repositories)
    const layers = [blobDigest(index), blobDigest(index % repositories)]
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        layers: layers.map((digest) => ({ digest, size: 1 })),
        number: index,
      }),
    )
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    statements.manifest.run(repository, digest, longAgo, bytes.byteLength, bytes)
    statements.tag.run(repository, `v${index}`, digest, longAgo)
    // What one in ten does not name is what the collector is to find.
    const needed = index % 10 === 0 && index >= repositories ? layers.slice(1) : layers
    for (const [position, layer] of needed.entries()) {
      statements.needs.run(repository, digest, position, layer)
    }
  }
  // One that began on the empty database would go on behind what is to be walked.
  database.exec(`DELETE FROM collections; COMMIT`)
  database.close()
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function blobDigest(index: number): string {
  return `sha256:${hexOf(`blob ${index}`)}`
}

/** The one that a start begins is joined. Manifests are pulled by 16 connections during it, and after it for comparison. */
async function collect(server: RegistryUnderLoad, print: (line: string) => void): Promise<void> {
  const path = '/v2/bench/app/manifests/v1'
  const load = { connections: 16, seconds: 5 }
  const idle = await residentBytes(server.pid)
  const watch = watchMemory(server.pid)
  const collecting = runCollection(server)
  const busy = isInstalled('wrk') ? await wrk(server, path, load) : undefined
  const last = await collecting
  const peak = await watch.stop()
  const quiet = busy === undefined ? undefined : await wrk(server, path, load)
  print(`collection over ${blobs} blobs: ${secondsOf(last).toFixed(1)} s; ${last}`)
  print(
    `  resident memory ${(idle / 2 ** 20).toFixed(0)} MiB before, ${(peak / 2 ** 20).toFixed(0)} MiB at the peak`,
  )
  if (quiet === undefined || busy === undefined) return
  print(
    `  manifests meanwhile: ${busy.requestsPerSecond.toFixed(0)} requests/s, p99 ${busy.p99Ms.toFixed(1)} ms; without it ${quiet.requestsPerSecond.toFixed(0)}, p99 ${quiet.p99Ms.toFixed(1)} ms`,
  )
}

/** From its begin to its end, as it says itself. */
function secondsOf(report: string): number {
  const moment = (name: string): number =>
    Date.parse(new RegExp(`"${name}":"([^"]+)"`).exec(report)?.[1] ?? '')
  return (moment('endedAt') - moment('startedAt')) / 1000
}

/** The report of its last batch. */
async function runCollection(server: RegistryUnderLoad): Promise<string> {
  const answer = await fetch(`${server.url}/pratique/v1/collections`, {
    method: 'POST',
    headers: { authorization: server.authorization ?? '' },
  })
  const lines = (await answer.text()).trim().split('\n')
  if (answer.status !== 200) throw new Error(`the collection answered ${answer.status}`)
  return lines.at(-1) ?? ''
}

async function databaseBytes(directory: string): Promise<number> {
  return (await stat(join(directory, 'pratique.db'))).size
}
