// One schedule: operations of several clients and of the collector, interleaved by a seed, against the registry's rooms.
import assert from 'node:assert/strict'
import { fakeClock, type FakeClock } from '../kit/fake-clock.ts'
import { parseRepositoryName } from '../../src/oci/repository-name.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { parseAccountId } from '../../src/policy/account-id.ts'
import {
  asRegistryError,
  isRegistryError,
  type RegistryErrorCode,
} from '../../src/registry/errors.ts'
import type { Ids } from '../../src/lib/ids.ts'
import { LiveHashes } from '../../src/registry/live-hashes.ts'
import type { RepositoryAddress } from '../../src/registry/repository-store.ts'
import { leaseMs, type UploadDeps } from '../../src/registry/upload-lease.ts'
import type { BlobStore, StorageKey } from '../../src/storage/blobs/blob-store.ts'
import type { Database } from '../../src/storage/database/database.ts'
import type { BuiltManifest } from './contents.ts'
import { Gate, type Parked, type Task } from './gate.ts'
import { gatedBlobs, gatedDatabase, type GatedOptions } from './gated-ports.ts'
import { Promises, type Moment } from './promises.ts'
import { Random } from './random.ts'
import type { World } from './world.ts'

export const hourMs = 3_600_000
export const graceMs = 24 * hourMs

/** From seconds to days: within a lease, over it, over the grace of readers, about the grace of blobs. */
const jumpsMs = [1000, 240_000, 360_000, 660_000, 1.02 * hourMs, 7, 13, 23.5, 25].map((jump) =>
  jump < 100 ? jump * hourMs : jump,
)

export interface Repository extends RepositoryAddress {
  readonly text: string
}

function repository(accountText: string, text: string): Repository {
  const account = parseAccountId(accountText)
  const name = parseRepositoryName(text)
  assert.ok(account !== undefined && name !== undefined)
  return { account, name, text }
}

export const repositories: readonly Repository[] = [
  repository('123456789012', 'team/app'),
  repository('123456789012', 'team/lib'),
  repository('210987654321', 'other/app'),
]

/** What one transaction took away. */
export interface Removed {
  /** As `NAME DIGEST`. */
  readonly manifests: readonly string[]
  readonly links: readonly string[]
}

type CommitHandler = (now: Moment, removed: Removed) => void

/** What a room is given. */
export interface TaskDeps extends UploadDeps {
  readonly reader: Database
  readonly graceMs: number
}

export interface Upload {
  readonly repository: Repository
  readonly id: string
  readonly content: { readonly digest: Digest; readonly bytes: Buffer }
  readonly begun: Moment
  /** Acknowledged bytes. */
  received: number
  /** Not later than the product's own time of the last change. */
  touchedAt: number
  /** Requests of this upload that are under way. */
  inFlight: number
  /** Requests that began so far. */
  requests: number
  /** A request was cut off: its lease may be held by nobody. */
  isAbandoned: boolean
  state: 'open' | 'done' | 'ended'
}

export type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'refused'
      readonly code: RegistryErrorCode
      readonly detail: Readonly<Record<string, unknown>>
    }

export interface ScheduleOptions {
  readonly seed: number
  readonly driver: 'memory' | 'filesystem'
  readonly counts: Map<string, number>
  /** Called with what happened, in order. */
  readonly trace?: (line: string) => void
}

export class Schedule {
  readonly random: Random
  readonly clock: FakeClock = fakeClock()
  readonly gate = new Gate()
  readonly promises = new Promises(graceMs)
  readonly world: World
  readonly blobs: BlobStore
  readonly uploads: Upload[] = []
  /** By digest, what was ever built. */
  readonly built = new Map<Digest, BuiltManifest>()
  readonly hasQuotas: boolean
  readonly favourite: Repository
  /** Keys that a reader holds open. */
  readonly openKeys = new Map<StorageKey, number>()
  /** Keys written by a request after the registry had let go of them. */
  readonly lateKeys = new Set<StorageKey>()
  /** Who wrote a key last. */
  readonly writers = new Map<StorageKey, Task>()
  readonly #deletedKeys = new Set<StorageKey>()
  readonly uploadOf = new Map<Task, Upload>()
  readonly #hashes = new LiveHashes()
  readonly #isFine: boolean
  readonly #transactions = { isOpen: false }
  readonly #handlers = new Map<Task, CommitHandler>()
  readonly #options: ScheduleOptions
  /** Every key is in one of two parts of the store, so that each sweep for orphans meets all of them. */
  readonly #ids: Ids = {
    uuid: () => this.random.uuid(),
    bytes: (size) => {
      const bytes = this.random.bytes(size)
      bytes[0] = (bytes[0] ?? 0) & 1
      return bytes
    },
  }
  #step = 0
  /** What the last commit left, when it was looked at. */
  #lastPresent: Removed | undefined

  constructor(world: World, options: ScheduleOptions) {
    this.world = world
    this.#options = options
    this.random = new Random(options.seed)
    this.blobs = world.reset(this.clock, options.driver)
    for (const [index, { text }] of repositories.entries())
      this.promises.create(text, () => index === 0)
    this.favourite = this.random.pick(repositories)
    this.hasQuotas = this.random.chance(20)
    this.#isFine = this.random.chance(20)
  }

  moment(): Moment {
    this.#step += 1
    return { step: this.#step, time: this.clock.now().getTime() }
  }

  count(what: string, by = 1): void {
    const { counts } = this.#options
    counts.set(what, (counts.get(what) ?? 0) + by)
  }

  say(line: () => string): void {
    this.#options.trace?.(line())
  }

  start(name: string, work: (task: Task, deps: TaskDeps) => Promise<void>): void {
    this.count(`operation ${name}`)
    const task = this.gate.start(name, this.random.chance(20), async (self) => {
      await this.gate.pass(self, 'start')
      await work(self, this.#depsOf(self))
      this.say(() => `${self.id} ${name} has ended`)
    })
    this.say(() => `${task.id} ${name} starts`)
  }

  /** From now on, at each commit of the task. */
  onCommit(task: Task, handler: CommitHandler | undefined): void {
    if (handler === undefined) this.#handlers.delete(task)
    else this.#handlers.set(task, handler)
  }

  release(parked: Parked): void {
    this.count('steps')
    this.say(() => `${parked.task.id} ${parked.task.name} goes on: ${parked.place}`)
    this.gate.release(parked)
  }

  advance(): void {
    const ms = this.random.pick(jumpsMs)
    this.say(() => `the clock goes on by ${ms / hourMs} h`)
    this.clock.advance(ms)
    this.count('clock advances')
  }

  /** The answer, or the refusal with its code; a fault is thrown and fails the schedule. */
  async attempt<T>(task: Task, work: () => Promise<T>): Promise<Attempt<T>> {
    try {
      return { kind: 'done', value: await work() }
    } catch (thrown) {
      const error = asRegistryError(thrown)
      if (!isRegistryError(error)) throw thrown
      this.count(`refused ${error.code}`)
      this.say(() => `${task.id} ${task.name} is refused: ${error.code} ${error.message}`)
      return { kind: 'refused', code: error.code, detail: error.detail }
    }
  }

  /** Ports without the gate, for what happens when nobody else is there. */
  get plainDeps(): TaskDeps {
    const { database } = this.world
    return { ...this.#common(), database, reader: database, blobs: this.blobs }
  }

  #depsOf(task: Task): TaskDeps {
    const begun = this.clock.now().getTime()
    const options: GatedOptions = {
      gate: this.gate,
      task,
      isFine: this.#isFine,
      transactions: this.#transactions,
      watch: {
        begun: () => this.#watchTransaction(task),
        written: (_, key) => this.#watchWrite(task, begun, key),
        deleting: (_, key) => this.#watchDeletion(key),
      },
    }
    const database = gatedDatabase(this.world.database, options)
    const blobs = gatedBlobs(this.blobs, options)
    return { ...this.#common(), database, reader: database, blobs }
  }

  #common(): Pick<TaskDeps, 'clock' | 'ids' | 'hashes' | 'graceMs' | 'maxOpenUploads'> {
    return {
      clock: this.clock,
      ids: this.#ids,
      hashes: this.#hashes,
      graceMs,
      maxOpenUploads: 1000,
    }
  }

  #watchTransaction(task: Task): () => void {
    const handler = this.#handlers.get(task)
    const begun = this.clock.now().getTime()
    const canRemove = handler !== undefined && removers.has(task.name)
    const before = canRemove ? (this.#lastPresent ?? this.#present()) : undefined
    return () => {
      const { step } = this.moment()
      this.#lastPresent = before === undefined ? undefined : this.#present()
      const removed = removedBetween(before, this.#lastPresent)
      for (const line of removed.manifests)
        this.say(() => `${task.id} ${task.name} removes ${line}`)
      handler?.({ step, time: begun }, removed)
    }
  }

  #present(): Removed {
    return {
      manifests: this.world.texts(
        `SELECT r.name || ' ' || m.digest FROM manifests m JOIN repositories r ON r.id = m.repository_id`,
      ),
      links: this.world.texts(
        `SELECT r.name || ' ' || b.digest FROM blob_links l JOIN blobs b ON b.id = l.blob_id
         JOIN repositories r ON r.id = l.repository_id`,
      ),
    }
  }

  /** A request that stood still for longer than its lease may write what nothing names; so may one that is cut off. */
  #watchWrite(task: Task, begun: number, key: StorageKey): void {
    this.writers.set(key, task)
    if (!this.#deletedKeys.has(key)) return
    const stoodStillMs = this.clock.now().getTime() - begun
    assert.ok(stoodStillMs >= leaseMs, `leaked: ${key} is written after its bytes were removed`)
    this.lateKeys.add(key)
    this.count('bytes written after their upload was let go of')
  }

  #watchDeletion(key: StorageKey): void {
    const needed = this.world.rows(
      `SELECT 1 FROM uploads WHERE storage_key = ?1 AND state = 'open'
       UNION ALL SELECT 1 FROM blobs WHERE storage_key = ?1 AND state = 'live'`,
      key,
    )
    this.#deletedKeys.add(key)
    assert.equal(needed.length, 0, `lost: bytes of ${key} are removed, a row names them`)
    if (this.openKeys.has(key)) this.count('bytes removed while a reader held them')
  }
}

/** Tasks whose transactions may take manifests or links away. */
const removers: ReadonlySet<string> = new Set(['collect', 'delete manifest', 'delete tag'])

const nothing: Removed = { manifests: [], links: [] }

function removedBetween(before: Removed | undefined, after: Removed | undefined): Removed {
  if (before === undefined || after === undefined) return nothing
  const gone = (was: readonly string[], is: readonly string[]): readonly string[] => {
    const left = new Set(is)
    return was.filter((one) => !left.has(one))
  }
  return {
    manifests: gone(before.manifests, after.manifests),
    links: gone(before.links, after.links),
  }
}
