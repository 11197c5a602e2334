// Eight clients at once push, move tags, delete and pull while a collection runs; the server is killed from outside.
import { Client, Gone, Refused } from './client.ts'
import {
  closeUpload,
  contentOf,
  createRepository,
  deleteBlob,
  deleteManifest,
  deleteTag,
  imageOf,
  openUpload,
  pushBlob,
  putByTag,
  sendStream,
  type Content,
  type Manifest,
} from './image-client.ts'
import type { Lab } from './lab.ts'
import { absent, cloneState, collectState, inState, type Digest, type State } from './model.ts'
import { judge, observe } from './observe.ts'
import { collect, hourMs } from './scenarios.ts'
import type { Tally } from './tally.ts'

const clientCount = 8
const tags = ['a', 'b', 'c', 'd']
const raceRepository = 'race/app'

interface Load {
  readonly contents: readonly Content[]
  readonly config: Content
  /** Of each client: it alone writes to its repository. */
  readonly states: Map<string, State>
  /** What an immutable tag that all clients want was acknowledged to be. */
  readonly won: Map<string, Digest>
  round: number
}

export async function killUnderLoad(lab: Lab, rounds: number, tally: Tally): Promise<void> {
  const load: Load = {
    contents: Array.from({ length: 10 }, (_, index) => contentOf(2000 + 30_000 * index)),
    config: contentOf(300),
    states: new Map(),
    won: new Map(),
    round: 0,
  }
  tally.at('before the first round')
  await furnish(lab, load)
  for (load.round = 1; load.round <= rounds; load.round += 1) await killOnce(lab, load, tally)
  tally.at('after the last round')
  await lab.settleStore(tally)
  const last = [...load.states].map(
    ([name, state]) => [name, new Client(lab.server, state, 0)] as const,
  )
  for (const [, { state }] of last) collectState(state, { untagged: false })
  for (const [name, client] of last) await verifyClient(lab, load, name, client, tally)
  await verifyRace(lab, load, tally)
}

async function furnish(lab: Lab, load: Load): Promise<void> {
  await createRepository(lab.client, raceRepository, 'IMMUTABLE')
  // The race's own questions are asked apart: nobody's model knows all that went there.
  lab.client.state.delete(raceRepository)
  for (let number = 1; number <= clientCount; number += 1) {
    const name = `load-${number}/app`
    const client = new Client(lab.server, new Map(), lab.client.aheadMs)
    await createRepository(client, name, 'MUTABLE')
    load.states.set(name, client.state)
  }
}

async function killOnce(lab: Lab, load: Load, tally: Tally): Promise<void> {
  tally.at(`round ${load.round}`)
  await beginRound(lab, load)
  lab.faultAt = Date.now()
  const clients = [...load.states].map(
    ([name, state]) => [name, new Client(lab.server, state, lab.client.aheadMs)] as const,
  )
  const busy = clients.map(([name, client]) =>
    untilGone(() => act(client, name, load, tally), tally),
  )
  const collector = new Client(lab.server, new Map(), lab.client.aheadMs)
  busy.push(untilGone(() => collect(collector, { untagged: false }), tally))
  await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 900))
  await lab.server.kill()
  tally.kills += 1
  await Promise.all(busy)
  await lab.restart()
  await lab.verify(tally, undefined, false)
  for (const [name, client] of clients) await verifyClient(lab, load, name, client, tally)
  await verifyRace(lab, load, tally)
}

/** What no manifest needs is promised no longer once its grace is over; the collection of the round takes it. */
async function beginRound(lab: Lab, load: Load): Promise<void> {
  await lab.advanceClock(25 * hourMs)
  for (const [name, state] of load.states) {
    const { blobs, damaged, manifests, uploads } = inState(state, name)
    const needed = new Set([...manifests.values()].flatMap((manifest) => manifest.blobs))
    for (const digest of [...blobs].filter((one) => !needed.has(one))) {
      blobs.delete(digest)
      // Taken already or not: nothing is said of it until it is pushed again.
      damaged.add(digest)
    }
    uploads.clear()
  }
}

async function untilGone(work: () => Promise<unknown>, tally: Tally): Promise<void> {
  for (;;) {
    try {
      await work()
    } catch (error) {
      if (error instanceof Gone) return
      if (!(error instanceof Refused)) throw error
      tally.violated(`refused without a reason: ${error.message}`)
      return
    }
  }
}

async function act(client: Client, name: string, load: Load, tally: Tally): Promise<void> {
  const { manifests, tags: present, blobs } = inState(client.state, name)
  const needed = new Set([...manifests.values()].flatMap((manifest) => manifest.blobs))
  const tag = pick(tags)
  const [kept] = [...manifests.keys()].toSorted(() => Math.random() - 0.5)
  const loose = load.contents.find(({ digest }) => blobs.has(digest) && !needed.has(digest))
  const choice = Math.random()
  if (choice < 0.35) return pushImage(client, name, load)
  if (choice < 0.5) return race(client, load, tally)
  if (choice < 0.65 && present.has(tag)) return deleteTag(client, name, tag, false)
  if (choice < 0.75 && kept !== undefined) {
    const facts = manifests.get(kept)
    if (facts !== undefined) return deleteManifest(client, name, { ...facts, digest: kept }, false)
  }
  if (choice < 0.8 && loose !== undefined) return deleteBlob(client, name, loose, false)
  await pull(client, tally)
}

/** Its blobs by one of three ways, those that it has excepted; then the manifest, under a tag that may move. */
async function pushImage(client: Client, name: string, load: Load): Promise<void> {
  const image = await pushBlobs(client, name, load)
  await putByTag(client, name, pick(tags), image)
}

async function pushBlobs(client: Client, name: string, load: Load): Promise<Manifest> {
  const layers = [pick(load.contents), pick(load.contents)]
  for (const blob of new Set([load.config, ...layers])) {
    if (client.state.get(name)?.blobs.has(blob.digest) === true) continue
    if (Math.random() < 0.5) await pushBlob(client, name, blob)
    else {
      const upload = await openUpload(client, name)
      const end = Math.floor(blob.bytes.length / 2)
      await sendStream(client, name, upload, blob.bytes, { start: 0, end })
      await closeUpload(client, name, upload, blob, blob.bytes.subarray(end))
    }
  }
  return imageOf(load.config, layers)
}

/** All clients want the same new tags of an immutable repository: one of them gets each. */
async function race(client: Client, load: Load, tally: Tally): Promise<void> {
  const own = new Client(client.server, new Map(), client.aheadMs)
  const layer = pick(load.contents)
  for (const blob of [load.config, layer]) {
    const path = `/v2/${raceRepository}/blobs/uploads/?digest=${blob.digest}`
    const headers = { 'content-type': 'application/octet-stream' }
    await own.change({ method: 'POST', path, headers, body: blob.bytes }, [201], () => undefined)
  }
  const tag = `r${load.round}-${Math.floor(Math.random() * 20)}`
  const { bytes, mediaType, digest } = imageOf(load.config, [layer])
  const path = `/v2/${raceRepository}/manifests/${tag}`
  const headers = { 'content-type': mediaType }
  const { status } = await own.change(
    { method: 'PUT', path, headers, body: bytes },
    [201, 400],
    () => undefined,
  )
  if (status !== 201) return
  const winner = load.won.get(tag)
  if (winner !== undefined && winner !== digest) tally.violated(`immutable ${tag} was given twice`)
  load.won.set(tag, digest)
}

async function pull(client: Client, tally: Tally): Promise<void> {
  const states = [client.state]
  const { checked, violations } = judge(await observe(client, states), states, false)
  tally.judged(checked, violations)
}

async function verifyClient(
  lab: Lab,
  load: Load,
  name: string,
  dead: Client,
  tally: Tally,
): Promise<void> {
  const states = dead.candidates()
  const { state, checked, violations } = judge(await observe(lab.client, states), states, false)
  tally.judged(checked, violations)
  load.states.set(name, cloneState(state ?? dead.state))
}

async function verifyRace(lab: Lab, { won }: Load, tally: Tally): Promise<void> {
  for (const [tag, digest] of [...won].slice(-40)) {
    const path = `/v2/${raceRepository}/manifests/${tag}`
    const { status, headers } = await lab.client.ask({ method: 'HEAD', path })
    const is = status === 200 ? headers.get('docker-content-digest') : absent
    tally.judged(1, is === digest ? [] : [`immutable ${tag} is ${is}, was given ${digest}`])
  }
}

function pick<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)]
  if (one === undefined) throw new Error('nothing to pick')
  return one
}
