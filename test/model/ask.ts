// What a client may be refused with, given what happened while it asked.
import assert from 'node:assert/strict'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import type { Moment } from './promises.ts'
import type { Attempt, Repository, Schedule } from './schedule.ts'

type Refused = Extract<Attempt<unknown>, { kind: 'refused' }>

/** A client's question to one repository, from its beginning on. */
export class Ask {
  readonly #schedule: Schedule
  readonly #repository: Repository
  readonly at: Moment
  readonly #existed: boolean

  constructor(schedule: Schedule, repository: Repository) {
    this.#schedule = schedule
    this.#repository = repository
    this.at = schedule.moment()
    this.#existed = schedule.promises.exists(repository.text)
  }

  get elapsedMs(): number {
    return this.#schedule.clock.now().getTime() - this.at.time
  }

  /** Whether the repository was away at some time since. */
  wasAway(): boolean {
    const { promises } = this.#schedule
    return !this.#existed || promises.wasDeletedSince(this.#repository.text, this.at.step)
  }

  /** The client has its answer: it may rely on the blob for so long after it asked. */
  tell(digest: Digest, forMs: number): void {
    const { promises } = this.#schedule
    const now = this.#schedule.moment()
    promises.tell(this.#repository.text, digest, this.at, now, this.at.time + forMs)
  }

  requireAbsent(digest: Digest): void {
    const now = this.#schedule.moment()
    const need = this.#schedule.promises.needOf(this.#repository.text, digest, now, this.at)
    assert.ok(need === undefined, `lost: ${this.#repository.text} denies ${digest}, but ${need}`)
  }

  /** Fails when the refusal is none that the facts allow. */
  judge(refused: Refused, what: string): void {
    assert.ok(this.#isAllowed(refused), `${what} was refused with ${refused.code} without a reason`)
  }

  #isAllowed({ code, detail }: Refused): boolean {
    const text: string = code
    switch (text) {
      case 'REPOSITORY_UNKNOWN':
        return this.wasAway()
      case 'QUOTA_EXCEEDED':
        return this.#schedule.hasQuotas
      case 'MANIFEST_BLOB_UNKNOWN':
        for (const digest of digestsIn(detail)) this.requireAbsent(digest)
        return true
      case 'MANIFEST_CHILD_UNKNOWN':
        return digestsIn(detail).every((digest) => !this.hasManifest(digest))
      case 'UPLOAD_UNKNOWN':
        return this.wasAway() || this.elapsedMs >= 24 * 3_600_000
      default:
        return false
    }
  }

  hasManifest(digest: Digest): boolean {
    const { promises } = this.#schedule
    return promises.hasManifestSince(this.#repository.text, digest, this.at.step)
  }
}

function digestsIn(detail: Readonly<Record<string, unknown>>): readonly Digest[] {
  const { digests } = detail
  assert.ok(Array.isArray(digests) && digests.length > 0)
  return digests.map((text) => {
    const digest = parseDigest(String(text))
    assert.ok(digest !== undefined)
    return digest
  })
}
