// One directory, one server on it after another: brings it into scenes, kills it, and judges what is left.
import { mkdtemp, rm } from 'node:fs/promises'
import { truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client, Gone } from './client.ts'
import {
  contentOf,
  createRepository,
  deleteRepository,
  imageOf,
  indexOf,
  pushBlob,
  putByDigest,
  putByTag,
  type Content,
} from './image-client.ts'
import { cloneState, type State } from './model.ts'
import { judge, observe } from './observe.ts'
import { keepDurable } from './power-loss.ts'
import { collect, collections, hasCollected, hourMs, type Scene } from './scenarios.ts'
import { ServerUnderTest, type StartOptions } from './server-under-test.ts'
import { checkStore } from './store-invariants.ts'
import type { Tally } from './tally.ts'

const shared = contentOf(50_000)
const sharedIn = 'base/app'

export class Lab {
  readonly directory: string
  readonly #start: Pick<StartOptions, 'flags' | 'under'>
  #aheadMs = 0
  #scenes = 0
  #client: Client | undefined
  #state: State = new Map()
  faultAt = 0

  private constructor(directory: string, start: Pick<StartOptions, 'flags' | 'under'>) {
    this.directory = directory
    this.#start = start
  }

  /** An empty directory, and a server on it that has a repository with images that stay for good. */
  static async open(
    start: Pick<StartOptions, 'flags' | 'under'> = {},
    parent = tmpdir(),
  ): Promise<Lab> {
    const lab = new Lab(await mkdtemp(join(parent, 'pratique-crash-')), start)
    await lab.start()
    await lab.#furnish()
    return lab
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('no server runs')
    return this.#client
  }

  get server(): ServerUnderTest {
    return this.client.server
  }

  async start(start: Pick<StartOptions, 'flags' | 'under'> = this.#start): Promise<void> {
    const { directory } = this
    const server = await ServerUnderTest.start({ directory, aheadMs: this.#aheadMs, ...start })
    this.#client = new Client(server, this.#state, this.#aheadMs)
  }

  /** After a death: what the dead server's client knew goes on. */
  async restart(start: Pick<StartOptions, 'flags' | 'under'> = this.#start): Promise<Client> {
    const dead = this.client
    await dead.server.death()
    this.#state = dead.state
    await this.start(start)
    return dead
  }

  async close(): Promise<void> {
    if (this.#client !== undefined) await this.server.stop()
    await rm(this.directory, { recursive: true, force: true })
  }

  async advanceClock(ms: number): Promise<void> {
    this.#aheadMs += ms
    await this.server.order({ kind: 'clock', aheadMs: this.#aheadMs })
    this.client.aheadMs = this.#aheadMs
  }

  scene(): Scene {
    this.#scenes += 1
    const name = `scene-${this.#scenes}`
    const config = contentOf(500)
    const layers = [contentOf(80_000), contentOf(30_000)] as const
    const image = imageOf(config, layers)
    return {
      repository: `${name}/app`,
      mutable: `${name}/mutable`,
      config,
      layers,
      large: contentOf(3 * 1024 * 1024 + 17),
      image,
      other: imageOf(config, [layers[1], layers[0]]),
      referrer: imageOf(config, [], image),
      shared,
      sharedIn,
      upload: undefined,
      advanceClock: (ms) => this.advanceClock(ms),
      damage: (content) => this.#damage(content),
      isHeld: (upload) => this.#isHeld(upload),
      checkpoint: async () => {
        try {
          await this.server.order({ kind: 'checkpoint' })
        } catch (cause) {
          throw new Gone('the server died in the checkpoint', { cause })
        }
      },
    }
  }

  /** Every question to the server, every invariant of the store; the model takes over what is found. */
  async verify(tally: Tally, dead: Client | undefined, isPiecewise: boolean): Promise<void> {
    await this.verifyAmong(tally, (dead ?? this.client).candidates(), isPiecewise)
  }

  async verifyAmong(tally: Tally, states: readonly State[], isPiecewise: boolean): Promise<void> {
    const { state, checked, violations } = judge(
      await observe(this.client, states),
      states,
      isPiecewise,
    )
    tally.judged(checked, violations)
    this.client.state = cloneState(state ?? states.at(-1) ?? new Map())
    this.#checkStore(tally, false)
  }

  #checkStore(tally: Tally, isSettled: boolean): void {
    const damaged = new Set(
      [...this.client.state.values()].flatMap((repository) => [...repository.damaged]),
    )
    const { directory, faultAt } = this
    const { checked, violations } = checkStore({ directory, damaged, faultAt }, isSettled)
    tally.judged(checked, violations)
  }

  /** Every grace passes, collections run: what nobody needs is gone, and the last one finds nothing. */
  async settle(tally: Tally): Promise<void> {
    await this.settleStore(tally)
    await this.verify(tally, undefined, false)
  }

  /** The same for a model that does not know all. */
  async settleStore(tally: Tally): Promise<void> {
    await this.sweep()
    await this.advanceClock(2 * hourMs)
    const counts = await collect(this.client, { untagged: false })
    const found = Object.entries(counts).filter(([, count]) => count > 0)
    tally.judged(
      1,
      found.map(([what, count]) => `the last collection finds ${count} ${what}`),
    )
    this.#checkStore(tally, true)
  }

  /** What nobody needs is gone, first from the rows, then from the disk. */
  async sweep(): Promise<void> {
    await this.#quiet()
    for (const passes of [25 * hourMs, 2 * hourMs]) {
      await this.advanceClock(passes)
      await collect(this.client, { untagged: false })
    }
  }

  /** The collection that each start makes is over, so that one which is asked for is a fresh one. */
  async #quiet(): Promise<void> {
    const isUnderWay = async (): Promise<boolean> =>
      !(await hasCollected(this.client)) ||
      (await collections(this.client)).some(({ isOpen }) => isOpen)
    while (await isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** The scene's repositories go, so that the next verification has less to ask. */
  async clear(scene: Scene): Promise<void> {
    for (const name of [scene.repository, scene.mutable]) {
      if (this.client.state.has(name)) await deleteRepository(this.client, name)
    }
  }

  /** As a power loss leaves the files: what was not synced is gone. */
  losePower(): number {
    return keepDurable(this.directory)
  }

  #damage({ digest }: Content): void {
    const row = this.#row(
      `SELECT storage_key AS k FROM blobs WHERE digest = ? AND state = 'live'`,
      digest,
    )
    const key = String(row?.['k'])
    truncateSync(join(this.directory, 'blobs', key.slice(0, 2), key.slice(2, 4), key), 10)
  }

  #isHeld(upload: string): boolean {
    const id = upload.slice(upload.lastIndexOf('/') + 1)
    return this.#row('SELECT id FROM uploads WHERE id = ? AND lease IS NOT NULL', id) !== undefined
  }

  #row(sql: string, value: string): Record<string, unknown> | undefined {
    const database = new DatabaseSync(join(this.directory, 'pratique.db'), { readOnly: true })
    try {
      return database.prepare(sql).get(value)
    } finally {
      database.close()
    }
  }

  async #furnish(): Promise<void> {
    const { client } = this
    await createRepository(client, sharedIn, 'IMMUTABLE')
    const config = contentOf(400)
    const layers = [shared, contentOf(20_000)]
    const [first, second] = [imageOf(config, layers), imageOf(config, layers.toReversed())]
    for (const blob of [config, ...layers]) await pushBlob(client, sharedIn, blob)
    await putByTag(client, sharedIn, 'v1', first)
    await putByTag(client, sharedIn, 'v2', second)
    await putByTag(client, sharedIn, 'all', indexOf([first, second]))
    await putByDigest(client, sharedIn, imageOf(config, [], first))
  }
}
