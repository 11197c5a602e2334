// Many images that share packages as real ones do: few base images, popular libraries, builds that often change nothing.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { zstdCompressSync } from 'node:zlib'
import type { Distribution, Package } from '../src/ecosystems/ecosystem.ts'
import { identifyPackage } from '../src/scanning/rules/package-identity.ts'
import { blockOf, withCounts } from '../src/scanning/rules/count-block.ts'
import { countNames } from '../src/scanning/rules/finding-counts.ts'
import { chunkOf, packPlaces } from '../src/scanning/rules/id-chunk.ts'
import { packIds } from '../src/scanning/rules/id-list.ts'

const bases = 40
const systemNames = 2000
const systemPackages = 120
const libraryNames = 60_000
const versionsOfName = 24
const buildsOfApp = 10
/** Builds that change what the image holds. */
const changing = 0.35
const repositories = 500
const account = '123456789012'
const debian: Distribution = { id: 'debian', idLike: [], versionId: '12' }

export interface ModelFigures {
  readonly images: number
  readonly sets: number
  readonly packages: number
  readonly links: number
}

/** Libraries by popularity, the most popular first. */
export function libraryName(rank: number): string {
  return `library-${rank}`
}

/** Writes the rows that scans of so many images would have left, past the server, which is stopped. */
export function fillWithImages(directory: string, images: number): ModelFigures {
  const database = new DatabaseSync(join(directory, 'pratique.db'))
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN')
  try {
    const model = new Model(database)
    model.write(images)
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
    return model.figures(images)
  } finally {
    database.close()
  }
}

class Model {
  readonly #random = generator(7)
  readonly #rows: Rows
  readonly #ids = new Map<string, number>()
  readonly #nothing = countNames.map(() => 0)
  /** Of the sets that are not written yet. */
  #block: Uint8Array | undefined
  readonly #revision: number
  /** Of the chunk of sets that is being written. */
  #places = new Map<number, number[]>()
  #sets = 0
  #links = 0
  #packages = 0

  constructor(database: DatabaseSync) {
    this.#rows = prepare(database)
    const state = database.prepare('SELECT revision FROM advisory_state').get()
    this.#revision = Number(state?.['revision'] ?? 0)
  }

  write(images: number): void {
    for (let index = 1; index <= repositories; index += 1)
      this.#rows.repository.run(1000 + index, account, `model/r${index}`)
    const systems = Array.from({ length: bases }, () => this.#base())
    let written = 0
    for (let app = 0; written < images; app += 1) {
      const system = systems[this.#popular(bases)] ?? []
      const libraries = this.#libraries(40 + Math.floor(this.#random() * 200))
      let setId = this.#set([...system, ...libraries.values()])
      for (let build = 0; build < buildsOfApp && written < images; build += 1) {
        if (build > 0 && this.#random() < changing) {
          this.#upgradeSome(libraries)
          setId = this.#set([...system, ...libraries.values()])
        }
        this.#image(written, app, setId, [...system, ...libraries.values()])
        written += 1
      }
    }
    this.#flush()
  }

  figures(images: number): ModelFigures {
    return { images, sets: this.#sets, packages: this.#packages, links: this.#links }
  }

  #base(): readonly number[] {
    const names = new Set<number>()
    while (names.size < systemPackages) names.add(this.#popular(systemNames))
    return [...names].map((name) => {
      const version = `1.${Math.floor(this.#random() * 5)}-1`
      return this.#package(
        { type: 'deb', name: `system-${name}`, version, architecture: 'amd64' },
        debian,
      )
    })
  }

  #libraries(count: number): Map<number, number> {
    const libraries = new Map<number, number>()
    while (libraries.size < count) {
      const rank = this.#popular(libraryNames)
      libraries.set(rank, this.#library(rank))
    }
    return libraries
  }

  #upgradeSome(libraries: Map<number, number>): void {
    const ranks = [...libraries.keys()]
    const count = 1 + Math.floor(this.#random() * 5)
    for (let index = 0; index < count; index += 1) {
      const rank = ranks[Math.floor(this.#random() * ranks.length)] ?? 0
      libraries.set(rank, this.#library(rank))
    }
  }

  #library(rank: number): number {
    const minor = Math.floor(this.#random() * versionsOfName)
    return this.#package(
      { type: 'npm', name: libraryName(rank), version: `1.${minor}.0` },
      undefined,
    )
  }

  /** The id of the package and of its holding, which are the same here: nothing is owned. */
  #package(found: Package, distribution: Distribution | undefined): number {
    const key = `${found.type} ${found.name} ${found.version}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const { tupleHash, lookup } = identifyPackage(found, distribution)
    this.#packages += 1
    const id = 1_000_000 + this.#packages
    this.#ids.set(key, id)
    this.#rows.package.run(
      id,
      tupleHash,
      found.type,
      found.name,
      found.version,
      found.architecture ?? null,
      distribution?.id ?? null,
      distribution?.versionId ?? null,
      this.#revision,
    )
    for (const { ecosystem, name, version } of lookup.kind === 'keys' ? lookup.keys : [])
      this.#rows.lookup.run(id, ecosystem, name, version)
    this.#rows.holding.run(id, id)
    return id
  }

  #set(packages: readonly number[]): number {
    const members = [...new Set(packages)].toSorted((a, b) => a - b)
    this.#sets += 1
    this.#links += members.length
    const id = this.#sets
    const { chunk, place } = chunkOf(id)
    if (place === 0) this.#flush(chunk - 1)
    for (const member of members) {
      const places = this.#places.get(member)
      if (places === undefined) this.#places.set(member, [place])
      else places.push(place)
    }
    this.#rows.set.run(id, `model ${id}`, packIds(members))
    this.#count(id)
    return id
  }

  #count(id: number): void {
    const { block, place } = blockOf(id)
    this.#block = withCounts(place === 0 ? undefined : this.#block, place, this.#nothing)
    this.#rows.counts.run(block, this.#block)
  }

  #flush(chunk = chunkOf(this.#sets).chunk): void {
    for (const [holding, places] of this.#places)
      this.#rows.posting.run(holding, chunk, packPlaces(places))
    this.#places = new Map()
  }

  #image(index: number, app: number, setId: number, packages: readonly number[]): void {
    const repository = 1001 + (app % repositories)
    const digest = `sha256:${createHash('sha256').update(`image ${index}`).digest('hex')}`
    const at = Date.UTC(2026, 0, 1) + index
    this.#rows.manifest.run(repository, digest, at)
    this.#rows.tag.run(repository, `build-${index}`, digest, at)
    // Places are looked at for images that are shown: one in a hundred has them here.
    const instances =
      index % 100 === 0 ? zstdCompressSync(JSON.stringify(packages.map(placeOf))) : null
    this.#rows.scan.run(repository, digest, setId, this.#revision, at, at, instances)
  }

  /** As libraries are popular: the nth is used about 1/n as often as the first. */
  #popular(count: number): number {
    return Math.min(count - 1, Math.floor(Math.exp(this.#random() * Math.log(count + 1)) - 1))
  }
}

const layer = `sha256:${'1'.repeat(64)}`

function placeOf(packageId: number): unknown {
  const facts = { evidence: 'installed', extractorId: 'npm/installed' }
  return [packageId, `app/node_modules/${packageId}/package.json`, layer, facts]
}

type Rows = Readonly<
  Record<
    | 'repository'
    | 'package'
    | 'lookup'
    | 'holding'
    | 'set'
    | 'counts'
    | 'posting'
    | 'manifest'
    | 'tag'
    | 'scan',
    StatementSync
  >
>

function prepare(database: DatabaseSync): Rows {
  const sql = (text: string): StatementSync => database.prepare(text)
  return {
    repository: sql(
      `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at) VALUES (?, ?, ?, 'MUTABLE', 1, 0)`,
    ),
    package: sql(
      `INSERT INTO packages (id, tuple_hash, type, name, version, architecture, distribution_id, distribution_version, matched_revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    lookup: sql(
      'INSERT INTO package_lookups (package_id, ecosystem, name, version) VALUES (?, ?, ?, ?)',
    ),
    holding: sql(`INSERT INTO holdings (id, package_id, owners) VALUES (?, ?, '')`),
    set: sql(`INSERT INTO package_sets (id, hash, members, state) VALUES (?, ?, ?, 'posted')`),
    counts: sql(
      'INSERT INTO set_count_blocks (block, counts) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET counts = excluded.counts',
    ),
    posting: sql('INSERT INTO holding_postings (holding_id, chunk, sets) VALUES (?, ?, ?)'),
    manifest: sql(
      `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
       VALUES (?, ?, 'application/vnd.oci.image.manifest.v1+json', 0, ?, 'arn:aws:iam::${account}:user/bench', 2, x'7b7d')`,
    ),
    tag: sql('INSERT INTO tags (repository_id, name, digest, updated_at) VALUES (?, ?, ?, ?)'),
    scan: sql(
      `INSERT INTO image_scans (repository_id, digest, status, notes, data_needed, package_set_id, data_revision, requested_at, completed_at, instances)
       VALUES (?, ?, 'COMPLETE', '[]', '[]', ?, ?, ?, ?, ?)`,
    ),
  }
}

/** mulberry32: the same images at every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
