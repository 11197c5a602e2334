// What clients do with manifests, tags and repositories, and what the collector does beside them.
import assert from 'node:assert/strict'
import { digestOf, parseDigest, type Digest } from '../../src/oci/digest.ts'
import type { Reference } from '../../src/oci/reference.ts'
import { parseTag, type Tag } from '../../src/oci/tag.ts'
import { collecting } from '../../src/registry/collect-storage.ts'
import { configureTagMutability } from '../../src/registry/configure-repository.ts'
import { createRepository } from '../../src/registry/create-repository.ts'
import { deleteManifest, deleteTag } from '../../src/registry/delete-manifest.ts'
import { deleteRepository } from '../../src/registry/delete-repository.ts'
import { getManifest, recordPull } from '../../src/registry/find-manifest.ts'
import { putManifest } from '../../src/registry/put-manifest.ts'
import { putQuota } from '../../src/registry/put-quota.ts'
import { Ask } from './ask.ts'
import { askForBlob, mount, pullPart, pushBlob } from './blob-operations.ts'
import { buildManifest, contentOf, contents, type BuiltManifest, type Content } from './contents.ts'
import type { Task } from './gate.ts'
import type { Moment } from './promises.ts'
import { hourMs, repositories, type Repository, type Schedule, type TaskDeps } from './schedule.ts'

const principal = 'arn:aws:iam::123456789012:user/admin'

export const tags: readonly Tag[] = ['v1', 'v2', 'latest'].map((text) => {
  const tag = parseTag(text)
  assert.ok(tag !== undefined)
  return tag
})

function planImage(schedule: Schedule, repository: Repository): BuiltManifest {
  const { random, promises } = schedule
  const [config, ...others] = shuffled(schedule, contents)
  assert.ok(config !== undefined)
  const layers = others.slice(0, random.below(3))
  const subject = random.chance(25)
    ? (random.pickOrNone(promises.manifests(repository.text).flatMap(builtIn(schedule))) ??
      buildManifest({ kind: 'image', config: random.pick(contents), layers: [] }))
    : undefined
  const foreign = random.chance(8) ? others.at(-1) : undefined
  return known(schedule, buildManifest({ kind: 'image', config, layers, subject, foreign }))
}

function builtIn(schedule: Schedule): (held: { digest: Digest }) => readonly BuiltManifest[] {
  return ({ digest }) => {
    const manifest = schedule.built.get(digest)
    return manifest === undefined ? [] : [manifest]
  }
}

function known(schedule: Schedule, manifest: BuiltManifest): BuiltManifest {
  schedule.built.set(manifest.digest, manifest)
  return manifest
}

function shuffled(schedule: Schedule, list: readonly Content[]): readonly Content[] {
  const left = [...list]
  return list.map(() => {
    const [taken] = left.splice(schedule.random.below(left.length), 1)
    assert.ok(taken !== undefined)
    return taken
  })
}

function someTags({ random }: Schedule): readonly Tag[] {
  return random.chance(60) ? [random.pick(tags)] : []
}

/** Mostly one that is there. */
function presentTag({ random, promises }: Schedule, repository: Repository): Tag {
  const present = random.chance(80)
    ? random.pickOrNone(promises.tagsOf(repository.text))
    : undefined
  return present ?? random.pick(tags)
}

/** As clients push: ask for each blob, mount or push what is not there, then the manifest. */
export async function pushImage(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const manifest = planImage(schedule, repository)
  const given = someTags(schedule)
  for (const digest of manifest.blobs) {
    if ((await askForBlob(schedule, task, deps, repository, digest)) !== undefined) continue
    const from = schedule.random.pick(repositories)
    const mayMount = schedule.random.chance(40) && from !== repository
    if (mayMount && (await mount(schedule, task, deps, from, repository, digest))) continue
    if (!(await pushBlob(schedule, task, deps, repository, contentOf(digest)))) return
  }
  await put(schedule, task, deps, repository, manifest, given)
}

/** A manifest of blobs that may be there or not. */
export async function putImage(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const given = someTags(schedule)
  const again = schedule.random.chance(30)
    ? schedule.random.pickOrNone([...schedule.built.values()])
    : undefined
  const manifest = again ?? planImage(schedule, repository)
  await put(schedule, task, deps, repository, manifest, given)
}

export async function putIndex(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const { random, promises } = schedule
  const present = promises.manifests(repository.text).flatMap(builtIn(schedule))
  const pool = random.chance(85) ? present : [...schedule.built.values()]
  const [first, second] = [random.pickOrNone(pool), random.pickOrNone(pool)]
  if (first === undefined || second === undefined) return
  const children = first === second ? [first] : [first, second]
  const index = known(schedule, buildManifest({ kind: 'index', children }))
  await put(schedule, task, deps, repository, index, someTags(schedule))
}

async function put(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  manifest: BuiltManifest,
  given: readonly Tag[],
): Promise<void> {
  const ask = new Ask(schedule, repository)
  schedule.onCommit(task, (now) => {
    schedule.promises.putManifest(repository.text, manifest, given, now)
    schedule.count('manifests put')
    schedule.say(() => `${task.id} puts ${repository.text} ${manifest.digest} ${given.join()}`)
  })
  const { bytes } = manifest
  const ifPresent = schedule.random.chance(20) ? 'refuse' : 'accept'
  const input = { repository, bytes, mediaType: undefined, digest: undefined, tags: given }
  const result = await schedule.attempt(task, () =>
    putManifest(deps, { ...input, principal, ifPresent }),
  )
  schedule.onCommit(task, undefined)
  if (result.kind === 'done') return assert.equal(result.value.digest, manifest.digest)
  if (result.code === 'TAG_IMMUTABLE') return
  if (result.code === 'IMAGE_EXISTS') return assert.equal(ifPresent, 'refuse')
  ask.judge(result, 'a put of a manifest')
}

/** A whole image by tag or digest: each of its blobs must be there as long as it is. */
export async function pullImage(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const { random, promises } = schedule
  const ask = new Ask(schedule, repository)
  const tag = presentTag(schedule, repository)
  const some = random.pickOrNone(promises.manifests(repository.text))
  const reference: Reference =
    some === undefined || random.chance(50)
      ? { kind: 'tag', tag }
      : { kind: 'digest', digest: some.digest }
  const found = await schedule.attempt(task, () =>
    getManifest(deps.reader, { repository, reference }),
  )
  if (found.kind === 'refused') {
    if (found.code !== 'MANIFEST_UNKNOWN') return ask.judge(found, 'a pull')
    const isLost =
      reference.kind === 'digest'
        ? ask.hasManifest(reference.digest)
        : promises.tagSince(repository.text, tag, ask.at.step) !== undefined && !ask.wasAway()
    return assert.ok(!isLost, `lost: ${repository.text} denies ${JSON.stringify(reference)}`)
  }
  const { digest, bytes } = found.value
  assert.equal(digestOf(bytes), digest)
  const { account } = repository
  await recordPull(deps, found.value, { account, requester: { kind: 'root', account } })
  schedule.count('manifests pulled')
  for (const blob of schedule.built.get(digest)?.blobs ?? []) {
    await pullPart(schedule, task, deps, repository, contentOf(blob))
  }
}

function removeAll(
  schedule: Schedule,
  repository: Repository,
  removed: readonly string[],
  root: Digest,
  now: Moment,
): void {
  const { promises } = schedule
  const together = new Set(removed)
  const digests = removed.map((line) => digestAfter(line, repository.text))
  for (const digest of digests) {
    const belongs = promises.isReferrerOf(repository.text, digest, root)
    assert.ok(belongs, `lost: ${digest} went with ${root}, to which it does not refer`)
  }
  for (const digest of digests) promises.deleteManifest(repository.text, digest, now, together)
}

function digestAfter(line: string, name: string): Digest {
  const [where, text = ''] = line.split(' ')
  const digest = parseDigest(text)
  assert.ok(where === name && digest !== undefined, `lost: ${line} went with what is of ${name}`)
  return digest
}

export async function removeManifest(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const ask = new Ask(schedule, repository)
  const some = schedule.random.pickOrNone(schedule.promises.manifests(repository.text))
  if (some === undefined) return
  const { digest } = some
  schedule.onCommit(task, (now, removed) => {
    assert.equal(removed.links.length, 0, 'lost: blobs went with their manifest at once')
    removeAll(schedule, repository, removed.manifests, digest, now)
    schedule.count('manifests deleted', removed.manifests.length)
  })
  const referrers = schedule.random.chance(50) ? 'delete' : 'keep'
  const target = { repository, principal, digest, referrers } as const
  const deleted = await schedule.attempt(task, () => deleteManifest(deps, target))
  schedule.onCommit(task, undefined)
  if (deleted.kind === 'done' || deleted.code === 'MANIFEST_REFERENCED') return
  if (deleted.code === 'MANIFEST_UNKNOWN') assert.ok(!ask.hasManifest(digest), 'lost: a manifest')
  else ask.judge(deleted, 'a delete of a manifest')
}

export async function removeTag(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const { random, promises } = schedule
  const ask = new Ask(schedule, repository)
  const tag = presentTag(schedule, repository)
  const whenLast = random.chance(40) ? 'delete-image' : 'keep-image'
  schedule.onCommit(task, (now, { manifests, links }) => {
    assert.equal(links.length, 0, 'lost: blobs went with a tag at once')
    const named = promises.tagSince(repository.text, tag, now.step)
    assert.ok(named !== undefined, `tag ${tag} was deleted, but was not there`)
    promises.deleteTag(repository.text, tag)
    if (whenLast === 'keep-image')
      assert.equal(manifests.length, 0, 'lost: an image went with a tag')
    removeAll(schedule, repository, manifests, named, now)
    schedule.count('tags deleted')
  })
  const target = { repository, principal, tag, whenLast } as const
  const deleted = await schedule.attempt(task, () => deleteTag(deps, target))
  schedule.onCommit(task, undefined)
  if (deleted.kind === 'done' || deleted.code === 'MANIFEST_REFERENCED') return
  if (deleted.code !== 'TAG_UNKNOWN') return ask.judge(deleted, 'a delete of a tag')
  const there = promises.tagSince(repository.text, tag, ask.at.step)
  assert.ok(there === undefined || ask.wasAway(), `lost: tag ${tag} of ${repository.text}`)
}

export async function removeRepository(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const ask = new Ask(schedule, repository)
  schedule.onCommit(task, ({ step }) => {
    schedule.promises.deleteRepository(repository.text, step)
    schedule.count('repositories deleted')
  })
  const force = schedule.random.chance(60)
  const deleted = await schedule.attempt(task, () => deleteRepository(deps, { repository, force }))
  schedule.onCommit(task, undefined)
  if (deleted.kind === 'done' || deleted.code === 'REPOSITORY_NOT_EMPTY') return
  ask.judge(deleted, 'a delete of a repository')
}

export async function makeRepository(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const isImmutable = schedule.random.chance(50)
  schedule.onCommit(task, () => schedule.promises.create(repository.text, isImmutable))
  const tagMutability = isImmutable ? 'IMMUTABLE' : 'MUTABLE'
  const made = { repository, tagMutability, scanOnPush: false, tags: [] } as const
  const isAccount = async (): Promise<boolean> => false
  const created = await schedule.attempt(task, () => createRepository({ ...deps, isAccount }, made))
  schedule.onCommit(task, undefined)
  if (created.kind === 'refused') assert.equal(created.code, 'REPOSITORY_EXISTS')
}

export async function setMutability(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const ask = new Ask(schedule, repository)
  const isImmutable = schedule.random.chance(60)
  const tagMutability = isImmutable ? 'IMMUTABLE' : 'MUTABLE'
  schedule.onCommit(task, () => schedule.promises.setImmutable(repository.text, isImmutable))
  const set = await schedule.attempt(task, () =>
    configureTagMutability(deps.database, { repository, tagMutability }),
  )
  schedule.onCommit(task, undefined)
  if (set.kind === 'refused') ask.judge(set, 'a setting')
}

export async function setQuota(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const { random } = schedule
  const ask = new Ask(schedule, repository)
  const { account } = repository
  const name = random.chance(50) ? repository.name : undefined
  const limit = (unit: number): number | 'none' =>
    random.chance(50) ? 'none' : (1 + random.below(6)) * unit
  const change = { maxBytes: limit(300), maxImages: limit(1) }
  const set = await schedule.attempt(task, () =>
    putQuota(deps, { account, repository: name, change }),
  )
  if (set.kind === 'refused') ask.judge(set, 'a quota')
}

/** One driver of a collection: by itself, beside another, for a few batches or to the end. */
export async function collect(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  maxSteps: number,
): Promise<void> {
  const { random } = schedule
  const untaggedOlderThanMs = random.pick([undefined, undefined, 0, hourMs, 30 * hourMs])
  let isJoined = false
  await sweepFromTheStart(deps)
  schedule.onCommit(task, (now, removed) => watchCollection(schedule, now, removed))
  const askedBy = random.chance(50) ? 'schedule' : 'request'
  const { signal } = new AbortController()
  const input = { askedBy, untaggedOlderThanMs, maxSteps } as const
  for await (const run of collecting(deps, input, { signal })) {
    if (run.steps > 0 && !isJoined) schedule.count('collections joined')
    isJoined = true
  }
  schedule.onCommit(task, undefined)
}

/** All keys are in the first parts: see the schedule's ids. */
export async function sweepFromTheStart({ database }: Pick<TaskDeps, 'database'>): Promise<void> {
  await database.transaction((tx) => tx.run('UPDATE orphan_sweep SET next_shard = 0'))
}

function watchCollection(
  schedule: Schedule,
  now: Moment,
  { manifests, links }: { manifests: readonly string[]; links: readonly string[] },
): void {
  const { promises, world } = schedule
  if (schedule.gate.active > 1) schedule.count('steps of a collection beside other operations')
  const before = manifests.length === 0 ? undefined : untaggedBefore(schedule)
  const together = new Set(manifests)
  for (const line of manifests) {
    const [name = '', text = ''] = line.split(' ')
    promises.collectManifest(name, digestAfter(`${name} ${text}`, name), before, now, together)
  }
  for (const line of links) {
    const [name = ''] = line.split(' ')
    promises.collectLink(name, digestAfter(line, name), now)
  }
  const linked = world.rows(
    `SELECT 1 FROM blobs b JOIN blob_links l ON l.blob_id = b.id WHERE b.state = 'deleting'`,
  )
  assert.equal(linked.length, 0, 'a blob that a repository has is on its way out')
}

function untaggedBefore({ world }: Schedule): number | undefined {
  const [run] = world.rows('SELECT untagged_before FROM collections ORDER BY id DESC LIMIT 1')
  const before = run?.['untagged_before']
  return typeof before === 'number' ? before : undefined
}
