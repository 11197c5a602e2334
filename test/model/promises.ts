// What clients were told, and until when the registry must hold to it; checked at the moment at which anything is let go of.
import assert from 'node:assert/strict'
import type { Digest } from '../../src/oci/digest.ts'
import type { Tag } from '../../src/oci/tag.ts'

export interface KnownManifest {
  readonly digest: Digest
  /** That must be there: without foreign layers. */
  readonly blobs: readonly Digest[]
  readonly children: readonly Digest[]
  readonly subject: Digest | undefined
}

interface HeldManifest extends KnownManifest {
  /** The step at which it was written. */
  readonly since: number
  /** Not later than the product's own time of the last push. */
  pushedAt: number
}

interface Told {
  /** The step at which the client knew. */
  readonly step: number
  readonly until: number
}

interface RepositoryModel {
  readonly manifests: Map<Digest, HeldManifest>
  readonly tags: Map<Tag, { digest: Digest; since: number }>
  readonly told: Map<Digest, Told[]>
  /** Blobs that some push or mount could have brought. */
  readonly possible: Set<Digest>
  /** The step at which the blob was last taken out by a client. */
  readonly takenOut: Map<Digest, number>
  isImmutable: (tag: Tag) => boolean
}

export interface Moment {
  readonly step: number
  readonly time: number
}

export class Promises {
  readonly #repositories = new Map<string, RepositoryModel>()
  readonly #deletedAt = new Map<string, number>()
  readonly #graceMs: number

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  create(name: string, isImmutable: (tag: Tag) => boolean): void {
    this.#repositories.set(name, {
      manifests: new Map(),
      tags: new Map(),
      told: new Map(),
      possible: new Set(),
      takenOut: new Map(),
      isImmutable,
    })
  }

  exists(name: string): boolean {
    return this.#repositories.has(name)
  }

  setImmutable(name: string, isImmutable: (tag: Tag) => boolean): void {
    this.#get(name).isImmutable = isImmutable
  }

  deleteRepository(name: string, step: number): void {
    this.#repositories.delete(name)
    this.#deletedAt.set(name, step)
  }

  /** Whether the repository was deleted since the step. */
  wasDeletedSince(name: string, step: number): boolean {
    return (this.#deletedAt.get(name) ?? -1) > step || !this.#repositories.has(name)
  }

  allow(name: string, digest: Digest): void {
    this.#repositories.get(name)?.possible.add(digest)
  }

  isPossible(name: string, digest: Digest): boolean {
    return this.#repositories.get(name)?.possible.has(digest) ?? false
  }

  /** A client that asked at `asked` has the answer now: the blob is there and stays until `until`. */
  tell(name: string, digest: Digest, asked: Moment, now: Moment, until: number): void {
    const repository = this.#repositories.get(name)
    if (repository === undefined || (this.#deletedAt.get(name) ?? -1) > asked.step) return
    if ((repository.takenOut.get(digest) ?? -1) > asked.step) return
    this.#hold(repository, digest, { step: now.step, until })
  }

  wasTakenOutSince(name: string, digest: Digest, step: number): boolean {
    return (this.#repositories.get(name)?.takenOut.get(digest) ?? -1) > step
  }

  takeOut(name: string, digest: Digest, step: number): void {
    const repository = this.#get(name)
    const holder = [...repository.manifests.values()].find(({ blobs }) => blobs.includes(digest))
    assert.ok(holder === undefined, `lost: ${digest} was taken out, ${holder?.digest} needs it`)
    repository.told.delete(digest)
    repository.possible.delete(digest)
    repository.takenOut.set(digest, step)
  }

  putManifest(name: string, manifest: KnownManifest, tags: readonly Tag[], now: Moment): void {
    const repository = this.#get(name)
    for (const blob of manifest.blobs) {
      const message = `${name} took a manifest that refers to ${blob}, which nobody gave it`
      assert.ok(repository.possible.has(blob), message)
    }
    for (const child of manifest.children) {
      assert.ok(repository.manifests.has(child), `${name} took an index without its ${child}`)
    }
    const present = repository.manifests.get(manifest.digest)
    if (present !== undefined) present.pushedAt = now.time
    else
      repository.manifests.set(manifest.digest, {
        ...manifest,
        since: now.step,
        pushedAt: now.time,
      })
    for (const tag of tags) {
      const current = repository.tags.get(tag)
      if (current?.digest === manifest.digest) continue
      const isMoved = current !== undefined && repository.isImmutable(tag)
      assert.ok(!isMoved, `immutable tag ${tag} of ${name} moved from ${current?.digest}`)
      repository.tags.set(tag, { digest: manifest.digest, since: now.step })
    }
  }

  deleteTag(name: string, tag: Tag): void {
    this.#get(name).tags.delete(tag)
  }

  /** By a client that may do so. */
  deleteManifest(
    name: string,
    digest: Digest,
    now: Moment,
    together: ReadonlySet<string> = new Set(),
  ): void {
    const repository = this.#get(name)
    const manifest = repository.manifests.get(digest)
    assert.ok(manifest !== undefined, `${digest} of ${name} was deleted, but was not there`)
    const index = [...repository.manifests.values()].find(
      (other) =>
        other.digest !== digest &&
        other.children.includes(digest) &&
        !together.has(`${name} ${other.digest}`),
    )
    assert.ok(index === undefined, `lost: ${digest} was deleted, index ${index?.digest} needs it`)
    repository.manifests.delete(digest)
    for (const [tag, { digest: named }] of repository.tags) {
      if (named === digest) repository.tags.delete(tag)
    }
    const kept = { step: now.step, until: now.time + this.#graceMs }
    for (const blob of manifest.blobs) this.#hold(repository, blob, kept)
  }

  /** A referrer of what was deleted, or of its referrers, may have gone with it. */
  isReferrerOf(name: string, digest: Digest, subject: Digest): boolean {
    const seen = new Set<Digest>()
    for (let at: Digest | undefined = digest; at !== undefined && !seen.has(at);) {
      if (at === subject) return true
      seen.add(at)
      at = this.#get(name).manifests.get(at)?.subject
    }
    return false
  }

  /** By the collector, which was asked for untagged manifests pushed before a time, or for none. */
  collectManifest(
    name: string,
    digest: Digest,
    before: number | undefined,
    now: Moment,
    together: ReadonlySet<string>,
  ): void {
    const repository = this.#get(name)
    const manifest = repository.manifests.get(digest)
    assert.ok(manifest !== undefined && before !== undefined, `lost: ${digest} was collected`)
    const tag = [...repository.tags].find(([, { digest: named }]) => named === digest)
    assert.ok(tag === undefined, `lost: ${digest} was collected, tag ${tag?.[0]} names it`)
    assert.ok(manifest.pushedAt < before, `lost: ${digest} was collected, but is too young`)
    const { subject } = manifest
    const hasSubject =
      subject !== undefined &&
      subject !== digest &&
      repository.manifests.has(subject) &&
      !together.has(`${name} ${subject}`)
    assert.ok(!hasSubject, `lost: ${digest} was collected, its subject is there`)
    this.deleteManifest(name, digest, now, together)
  }

  collectLink(name: string, digest: Digest, now: Moment): void {
    const why = this.needOf(name, digest, now)
    assert.ok(why === undefined, `lost: ${digest} was taken out of ${name}: ${why}`)
  }

  /** Why the repository must have the blob now, to a client that asked at `asked`; undefined when it need not. */
  needOf(name: string, digest: Digest, now: Moment, asked = now): string | undefined {
    const repository = this.#repositories.get(name)
    if (repository === undefined || (this.#deletedAt.get(name) ?? -1) > asked.step) return undefined
    const holder = [...repository.manifests.values()].find(
      ({ blobs, since }) => blobs.includes(digest) && since < asked.step,
    )
    if (holder !== undefined) return `manifest ${holder.digest} needs it`
    const told = (repository.told.get(digest) ?? []).find(
      ({ step, until }) => step < asked.step && until >= now.time,
    )
    if (told === undefined) return undefined
    return `a client was told of it at step ${told.step}, for ${told.until - now.time} ms yet`
  }

  hasManifestSince(name: string, digest: Digest, step: number): boolean {
    const since = this.#repositories.get(name)?.manifests.get(digest)?.since
    return since !== undefined && since < step && (this.#deletedAt.get(name) ?? -1) <= step
  }

  tagSince(name: string, tag: Tag, step: number): Digest | undefined {
    const found = this.#repositories.get(name)?.tags.get(tag)
    return found !== undefined && found.since < step ? found.digest : undefined
  }

  manifests(name: string): readonly KnownManifest[] {
    return [...(this.#repositories.get(name)?.manifests.values() ?? [])]
  }

  allManifests(): readonly string[] {
    return this.#list(({ manifests }) => manifests.keys())
  }

  allTags(): readonly string[] {
    return this.#list(({ tags }) => [...tags].map(([tag, { digest }]) => `${tag} ${digest}`))
  }

  blobsOf(name: string): readonly Digest[] {
    return [...(this.#repositories.get(name)?.possible ?? [])]
  }

  tagsOf(name: string): readonly Tag[] {
    return [...(this.#repositories.get(name)?.tags.keys() ?? [])]
  }

  #list(of: (repository: RepositoryModel) => Iterable<string>): readonly string[] {
    const named = [...this.#repositories].flatMap(([name, repository]) =>
      [...of(repository)].map((text) => `${name} ${text}`),
    )
    return named.toSorted()
  }

  #hold(repository: RepositoryModel, digest: Digest, told: Told): void {
    const held = repository.told.get(digest)
    if (held === undefined) repository.told.set(digest, [told])
    else held.push(told)
  }

  #get(name: string): RepositoryModel {
    const repository = this.#repositories.get(name)
    assert.ok(repository !== undefined, `repository ${name} answered, but is not there`)
    return repository
  }
}
