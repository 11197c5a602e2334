// Evidence under any order of events, with jobs late, killed between transactions, and interleaved: it never says verified where a
// plain recount of what is there would not, a new signature never withdraws trust, and it ends as if computed from nothing.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { claimJob, finishJob, releaseAllLeases } from '../../src/jobs/queue.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { isRegistryError } from '../../src/registry/errors.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { fuzzRuns, fuzzSeed } from '../kit/fuzz-runs.ts'
import {
  addKey,
  evidenceOf,
  handlersOf,
  pushImage,
  pushIndex,
  pushSignature,
  pushSignatureTag,
  putPolicy,
  removeManifest,
  removeTag,
  settle,
  trustPlace,
  type ToldSignature,
  type TrustPlaceKit,
} from '../kit/trust-place.ts'

const keys = ['a', 'b', 'c'] as const
type Key = (typeof keys)[number]
const dayMs = 24 * 3_600_000

type Event =
  | { readonly kind: 'sign'; readonly key: Key; readonly good: boolean; readonly hours: number }
  | { readonly kind: 'tag'; readonly signers: readonly Key[] }
  | { readonly kind: 'delete'; readonly which: number }
  | { readonly kind: 'untag' }
  | { readonly kind: 'policy'; readonly names: readonly Key[]; readonly threshold: number }
  | { readonly kind: 'revoke'; readonly key: Key }
  | { readonly kind: 'wait'; readonly hours: number }
  | { readonly kind: 'job'; readonly killAt: number | undefined }
  | { readonly kind: 'tick' }

const key = fc.constantFrom(...keys)
const someKeys = fc.uniqueArray(key, { minLength: 1, maxLength: 3 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sign' as const),
      key,
      good: fc.boolean(),
      hours: fc.constantFrom(0, 1, 30),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tag' as const),
      signers: fc.array(key, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'untag' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      names: someKeys,
      threshold: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 12, 24) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('job' as const),
      killAt: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'tick' as const }) },
)

interface Signature {
  readonly told: ToldSignature
  readonly digest: Digest
}

/** The same facts, kept in the simplest way. */
class Recount {
  policy: { readonly names: readonly Key[]; readonly threshold: number } = {
    names: ['a'],
    threshold: 1,
  }
  readonly revoked = new Set<Key>()
  readonly signatures: Signature[] = []
  /** What the tag names, and what it named, with the moment at which it was overwritten. */
  tagged: readonly {
    readonly signers: readonly Key[]
    readonly digest: Digest
    readonly until: number
  }[] = []

  isVerified(now: number): boolean {
    const counts = (one: Key): boolean => this.policy.names.includes(one) && !this.revoked.has(one)
    const byReferrer = this.signatures.filter(
      ({ told }) => told.result !== 'invalid' && (told.validUntil ?? Infinity) > now,
    )
    const byTag = this.tagged.filter(({ until }) => until > now).flatMap(({ signers }) => signers)
    const signers = new Set([...byReferrer.map(({ told }) => told.key), ...byTag])
    return keys.filter((one) => signers.has(one) && counts(one)).length >= this.policy.threshold
  }
}

class Killed extends Error {}

/** Dies before or after the commit of a transaction. */
function dyingDatabase(database: Database, at: number): Database {
  let left = at
  return {
    ...database,
    all: (sql, values) => database.all(sql, values),
    first: (sql, values) => database.first(sql, values),
    close: () => database.close(),
    async transaction(work) {
      left -= 1
      if (left === 0) throw new Killed()
      const result = await database.transaction(work)
      left -= 1
      if (left === 0) throw new Killed()
      return result
    },
  }
}

async function runOneJob(place: TrustPlaceKit, killAt: number | undefined): Promise<void> {
  const { database, clock } = place
  const claim = { owner: 'model', leaseMs: 1000, now: clock.now() }
  const job = await database.transaction((tx) => claimJob(tx, claim))
  if (job === undefined) return
  const handlers =
    killAt === undefined
      ? place.handlers
      : handlersOf({ ...place, database: dyingDatabase(database, killAt) })
  try {
    await handlers[job.kind]?.(job.input, {
      signal: new AbortController().signal,
      attempt: job.attempt,
    })
    await database.transaction((tx) => finishJob(tx, job.id, 'model'))
  } catch (error) {
    if (!(error instanceof Killed)) throw error
    await database.transaction((tx) => releaseAllLeases(tx))
  }
}

async function play(
  place: TrustPlaceKit,
  image: Digest,
  model: Recount,
  one: Event,
): Promise<void> {
  const now = place.clock.now().getTime()
  switch (one.kind) {
    case 'sign': {
      const told = {
        key: one.key,
        ...(one.good ? {} : { result: 'invalid' as const }),
        ...(one.hours === 0 ? {} : { validUntil: now + one.hours * 3_600_000 }),
      }
      const digest = await pushSignature(place, image, told)
      if (!model.signatures.some((known) => known.digest === digest))
        model.signatures.push({ told, digest })
      return
    }
    case 'tag': {
      const all = one.signers.map((signer) => ({ key: signer }))
      const digest = await pushSignatureTag(place, image, all)
      const before = model.tagged.map((known) =>
        known.until === Infinity && known.digest !== digest
          ? { ...known, until: now + dayMs }
          : known,
      )
      const others = before.filter((known) => known.digest !== digest)
      model.tagged = [...others, { signers: one.signers, digest, until: Infinity }]
      return
    }
    case 'delete': {
      const [gone] = model.signatures.splice(one.which % Math.max(1, model.signatures.length), 1)
      if (gone !== undefined) await removeManifest(place, gone.digest)
      return
    }
    case 'untag':
      if (model.tagged.length > 0)
        await removeTag(place, `${image.replace(':', '-')}.sig`).catch(ignoreAbsent)
      model.tagged = []
      return
    case 'policy':
      await putPolicy(place, 'release', one.names, { threshold: one.threshold })
      model.policy = one
      return
    case 'revoke':
      await addKey(place, one.key, { revokedFrom: now })
      model.revoked.add(one.key)
      return
    case 'wait':
      place.clock.advance(one.hours * 3_600_000)
      return
    case 'job':
      return runOneJob(place, one.killAt)
    case 'tick':
      await place.handlers['renew-evidence']?.(
        {},
        { signal: new AbortController().signal, attempt: 1 },
      )
  }
}

function ignoreAbsent(error: unknown): void {
  if (!isRegistryError(error)) throw error
}

let names = 0

async function playAll(place: TrustPlaceKit, events: readonly Event[]): Promise<void> {
  names += 1
  const image = await pushImage(place, `image ${names}`)
  const index = await pushIndex(place, [image])
  for (const one of keys) await addKey(place, one)
  const model = new Recount()
  await putPolicy(place, 'release', model.policy.names)
  for (const one of events) {
    const before = await evidenceOf(place, image)
    await play(place, image, model, one)
    const now = place.clock.now().getTime()
    const after = await evidenceOf(place, image)
    if (after.result === 'verified')
      assert.ok(model.isVerified(now), `verified after ${JSON.stringify(one)}`)
    const isAddition = one.kind === 'sign' || one.kind === 'tag' || one.kind === 'job'
    if (before.result === 'verified' && isAddition)
      assert.equal(after.result, 'verified', `trust withdrawn by ${JSON.stringify(one)}`)
    assert.notEqual((await evidenceOf(place, index)).result, 'verified')
  }
  await settle(place)
  await place.handlers['renew-evidence']?.({}, { signal: new AbortController().signal, attempt: 1 })
  const found = await evidenceOf(place, image)
  assert.equal(found.result === 'verified', model.isVerified(place.clock.now().getTime()))
  assert.deepEqual(await contentOf(place, image), await computedFromNothing(place, image))
}

async function contentOf({ database }: TrustPlaceKit, image: Digest): Promise<unknown> {
  const rows = await database.all(
    `SELECT policy_revision, result, reason, count_by_result, identities, valid_until FROM evidence WHERE subject_digest = $1`,
    [image],
  )
  const results = await database.all(
    `SELECT s.candidate_key, s.manifest_digest, r.result, r.reason, r.valid_until FROM signatures s
     JOIN signature_results r ON r.signature_id = s.id WHERE s.subject_digest = $1 ORDER BY 1, 2, 3`,
    [image],
  )
  return { rows, results }
}

async function computedFromNothing(place: TrustPlaceKit, image: Digest): Promise<unknown> {
  const { database, repositoryId } = place
  const hadRow = await database.first('SELECT 1 AS one FROM evidence WHERE subject_digest = $1', [
    image,
  ])
  await database.transaction(async (tx) => {
    for (const table of ['evidence', 'signatures'])
      await tx.run(`DELETE FROM ${table} WHERE subject_digest = $1`, [image])
  })
  if (hadRow !== undefined)
    await place.handlers['referrers-changed']?.(
      { repositoryId, digest: image },
      { signal: new AbortController().signal, attempt: 1 },
    )
  return contentOf(place, image)
}

test('whatever happens in whatever order, evidence never says more than a recount, and ends as if computed from nothing', async (t: TestContext) => {
  const place = await trustPlace(t)
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 14 }), (events) =>
      playAll(place, events),
    ),
    { numRuns: fuzzRuns(15), seed: fuzzSeed() },
  )
})
