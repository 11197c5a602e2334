import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import type { Digest } from '../../src/oci/digest.ts'
import { collectStorage } from '../../src/registry/collect-storage.ts'
import { parseStorageKey } from '../../src/storage/blobs/blob-store.ts'
import { noCounts } from '../../src/registry/rules/collection.ts'
import * as blobs from './blob-operations.ts'
import { contentOf, contents } from './contents.ts'
import type { Parked, Task } from './gate.ts'
import * as manifests from './manifest-operations.ts'
import {
  hourMs,
  repositories,
  Schedule,
  type Repository,
  type ScheduleOptions,
  type TaskDeps,
} from './schedule.ts'
import type { World } from './world.ts'

/** How often each operation is chosen, against the others. */
const weights: readonly (readonly [name: string, weight: number, begin: Begin])[] = [
  ['push blob', 8, (s, t, d, r) => blobs.pushBlob(s, t, d, r, s.random.pick(contents))],
  ['push image', 26, manifests.pushImage],
  ['put image', 4, manifests.putImage],
  ['put index', 7, manifests.putIndex],
  ['ask for blob', 5, (s, t, d, r) => blobs.askForBlob(s, t, d, r, someBlob(s, r))],
  ['pull blob', 9, (s, t, d, r) => blobs.pullBlob(s, t, d, r, contentOf(someBlob(s, r)))],
  ['pull image', 5, manifests.pullImage],
  ['mount', 6, mountSome],
  ['open upload', 5, blobs.openUpload],
  ['append', 6, (s, t, d) => onUpload(s, t, d, blobs.append)],
  ['close', 7, (s, t, d) => onUpload(s, t, d, blobs.close)],
  ['cancel', 1, (s, t, d) => onUpload(s, t, d, blobs.cancel)],
  ['delete blob', 5, (s, t, d, r) => blobs.removeBlob(s, t, d, r, someBlob(s, r))],
  ['read what goes', 3, blobs.readWhatGoes],
  ['delete manifest', 5, manifests.removeManifest],
  ['delete tag', 4, manifests.removeTag],
  ['delete repository', 2, manifests.removeRepository],
  ['set mutability', 1, manifests.setMutability],
  ['collect', 14, (s, t, d) => manifests.collect(s, t, d, s.random.pick([1, 3, 8, Infinity]))],
]

type Begin = (
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
) => Promise<unknown>

const choices = weights.flatMap((entry) => Array.from({ length: entry[1] }, () => entry))

function someBlob({ random, promises }: Schedule, repository: Repository): Digest {
  const given = random.chance(85) ? random.pickOrNone(promises.blobsOf(repository.text)) : undefined
  return given ?? random.pick(contents).digest
}

async function mountSome(s: Schedule, t: Task, d: TaskDeps, to: Repository): Promise<unknown> {
  const from = s.random.pick(repositories.filter((one) => one !== to))
  return blobs.mount(s, t, d, from, to, someBlob(s, from))
}

async function onUpload(
  s: Schedule,
  t: Task,
  d: TaskDeps,
  work: typeof blobs.append,
): Promise<unknown> {
  const recent = s.uploads.slice(-2)
  const upload = s.random.pickOrNone(recent)
  if (upload !== undefined) return work(s, t, d, upload)
  return blobs.openUpload(s, t, d, s.random.pick(repositories))
}

/** Runs one schedule to its end and checks what is left; throws at the first broken promise. */
export async function runSchedule(world: World, options: ScheduleOptions): Promise<void> {
  const schedule = new Schedule(world, options)
  const { random, gate } = schedule
  const clients = 2 + random.below(4)
  for (let left = 10 + random.below(14); left > 0 || gate.active > 0;) {
    await gate.settle()
    const { ready } = gate
    const mayStart = left > 0 && gate.active < clients
    const areSlow = ready.every(({ task }) => task.isSlow)
    if (mayStart && random.chance(areSlow ? 80 : 18)) {
      startSome(schedule)
      left -= 1
    } else if (random.chance(2)) schedule.advance()
    else if (random.chance(1) && killSome(schedule, ready)) continue
    else goOn(schedule, ready)
    if (gate.active === 0 && random.chance(35)) schedule.advance()
  }
  await gate.settle()
  await checkEnd(schedule)
}

function startSome(schedule: Schedule): void {
  const { random, promises } = schedule
  // Operations meet only where there are many of them: most are on one repository.
  const repository = random.chance(65) ? schedule.favourite : random.pick(repositories)
  const [name, , begin] = random.pick(choices)
  if (schedule.hasQuotas && random.chance(6)) {
    schedule.start('set quota', (t, d) => manifests.setQuota(schedule, t, d, repository))
  } else if (!promises.exists(repository.text) && random.chance(60)) {
    schedule.start('create repository', (t, d) =>
      manifests.makeRepository(schedule, t, d, repository),
    )
  } else {
    schedule.start(name, async (t, d) => void (await begin(schedule, t, d, repository)))
  }
}

function goOn(schedule: Schedule, ready: readonly Parked[]): void {
  const { random } = schedule
  const quick = random.chance(92) ? ready.filter(({ task }) => !task.isSlow) : ready
  const parked = random.pickOrNone(quick.length > 0 ? quick : ready)
  assert.ok(parked !== undefined || schedule.gate.active === 0, 'nothing can go on')
  if (parked !== undefined) schedule.release(parked)
}

/** A collector's process ends, or a client and its request are cut off. */
function killSome(schedule: Schedule, ready: readonly Parked[]): boolean {
  const killable = ready.filter(
    ({ task: { name, inTransaction, isWriting } }) =>
      name === 'collect' ||
      (!inTransaction && !isWriting && (name === 'append' || name === 'close')),
  )
  const parked = schedule.random.pickOrNone(killable)
  if (parked === undefined) return false
  const upload = schedule.uploadOf.get(parked.task)
  if (upload !== undefined) upload.isAbandoned = true
  schedule.count(`killed ${parked.task.name}`)
  schedule.say(() => `${parked.task.id} ${parked.task.name} is killed: ${parked.place}`)
  schedule.gate.kill(parked)
  return true
}

async function checkEnd(schedule: Schedule): Promise<void> {
  // A run that was killed ends first; what it does is still watched.
  schedule.start('collect', (t, d) => manifests.collect(schedule, t, d, Infinity))
  await drain(schedule)
  await checkContent(schedule)
  const { clock, plainDeps, world } = schedule
  clock.advance(49 * hourMs)
  await collectAll(schedule)
  clock.advance(1.02 * hourMs)
  await collectAll(schedule)
  await checkContent(schedule)
  await checkNothingLeft(schedule)
  for (const row of world.rows('SELECT progress FROM collections')) {
    const progress = JSON.parse(String(row['progress'])) as Record<string, number>
    for (const key of Object.keys(noCounts)) schedule.count(`collected ${key}`, progress[key] ?? 0)
    schedule.count('collections')
  }
  assert.equal(schedule.openKeys.size, 0)
  assert.ok(plainDeps.clock === clock)
}

async function drain(schedule: Schedule): Promise<void> {
  for (;;) {
    await schedule.gate.settle()
    if (schedule.gate.active === 0) return
    goOn(schedule, schedule.gate.ready)
  }
}

async function collectAll(schedule: Schedule): Promise<void> {
  const { signal } = new AbortController()
  await manifests.sweepFromTheStart(schedule.plainDeps)
  const { isOpen } = await collectStorage(schedule.plainDeps, { askedBy: 'request' }, { signal })
  assert.equal(isOpen, false)
}

/** Every manifest with all it refers to, every tag, every blob that a client was told of, and the counters. */
async function checkContent(schedule: Schedule): Promise<void> {
  const { world, promises } = schedule
  const present = world.texts(
    `SELECT r.name || ' ' || m.digest FROM manifests m JOIN repositories r ON r.id = m.repository_id`,
  )
  assert.deepEqual(present.toSorted(), promises.allManifests(), 'manifests are other ones')
  const tags = world.texts(
    `SELECT r.name || ' ' || t.name || ' ' || t.digest FROM tags t JOIN repositories r ON r.id = t.repository_id`,
  )
  assert.deepEqual(tags.toSorted(), promises.allTags(), 'tags are other ones')
  const now = schedule.moment()
  for (const { text: name } of repositories) {
    for (const { digest } of contents) {
      if (promises.needOf(name, digest, now) === undefined) continue
      const [row] = world.texts(
        `SELECT b.storage_key FROM blobs b JOIN blob_links l ON l.blob_id = b.id
         JOIN repositories r ON r.id = l.repository_id WHERE r.name = ? AND b.digest = ? AND b.state = 'live'`,
        name,
        digest,
      )
      assert.ok(row !== undefined, `lost: ${name} has no ${digest}`)
      await checkBytes(schedule, row, digest)
    }
  }
  checkUsage(schedule)
}

async function checkBytes(schedule: Schedule, text: string, digest: Digest): Promise<void> {
  const key = parseStorageKey(text)
  assert.ok(key !== undefined)
  const bytes = await buffer(await schedule.blobs.read(key))
  assert.ok(bytes.equals(contentOf(digest).bytes), `lost: ${digest} has other bytes`)
}

function checkUsage({ world }: Schedule): void {
  const wrong = world.rows(
    `SELECT r.name, r.used_bytes, r.used_images FROM repositories r WHERE
       used_images <> (SELECT COUNT(*) FROM manifests m WHERE m.repository_id = r.id)
       OR used_bytes <> (SELECT COALESCE(SUM(m.size), 0) FROM manifests m WHERE m.repository_id = r.id)
         + (SELECT COALESCE(SUM(b.size), 0) FROM blobs b JOIN blob_links l ON l.blob_id = b.id WHERE l.repository_id = r.id)
     UNION ALL SELECT a.id, a.used_bytes, a.used_images FROM accounts a WHERE
       used_images <> (SELECT COUNT(*) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id)
       OR used_bytes <> (SELECT COALESCE(SUM(m.size), 0) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id)
         + (SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN
             (SELECT l.blob_id FROM blob_links l JOIN repositories r ON r.id = l.repository_id WHERE r.account = a.id))`,
  )
  assert.deepEqual(wrong, [], 'usage is not what is there')
}

async function checkNothingLeft(schedule: Schedule): Promise<void> {
  const { world } = schedule
  const rows = world.rows(
    `SELECT 'upload' AS leaked FROM uploads UNION ALL SELECT 'deletion' FROM storage_deletions
     UNION ALL SELECT 'blob ' || state FROM blobs WHERE state <> 'live'
     UNION ALL SELECT 'blob without a link' FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM blob_links l WHERE l.blob_id = b.id)
     UNION ALL SELECT 'link without a need' FROM blob_links l JOIN blobs b ON b.id = l.blob_id WHERE NOT EXISTS (
       SELECT 1 FROM manifest_blobs m WHERE m.repository_id = l.repository_id AND m.blob_digest = b.digest)`,
  )
  assert.deepEqual(rows, [], 'leaked: rows')
  if (!(await hasLateBytes(schedule))) return
  // Marked, marked again and queued, removed.
  for (let sweep = 0; sweep < 4; sweep += 1) {
    schedule.clock.advance(49 * hourMs)
    await collectAll(schedule)
  }
  assert.equal(await hasLateBytes(schedule), false, 'leaked: orphans that the sweep passes by')
}

/** Every row has its bytes; bytes without a row are of a request that came late or was cut off. */
async function hasLateBytes(schedule: Schedule): Promise<boolean> {
  const named = new Set(schedule.world.texts('SELECT storage_key FROM blobs'))
  let late = 0
  for await (const { key } of schedule.blobs.list()) {
    if (named.delete(key)) continue
    const isCutOff = schedule.writers.get(key)?.isAbandoned === true
    assert.ok(schedule.lateKeys.has(key) || isCutOff, `leaked: the bytes under ${key}`)
    late += 1
  }
  assert.equal(named.size, 0, 'lost: bytes that a row names')
  return late > 0
}
