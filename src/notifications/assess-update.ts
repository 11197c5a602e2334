import { listEvents } from '../jobs/outbox.ts'
import { pagesOf } from '../lib/pages.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { listImagesHolding } from '../scanning/list-images-holding.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { PlanDeps } from './planned-part.ts'
import { toldChangeOf } from './rules/told-change.ts'
import { stormLimit } from './rules/storm.ts'
import { countScannedImages } from './account-content-store.ts'

const pageEvents = 100
const pageImages = 500

/** Accounts that are looked at in one walk: each keeps at most as many images as are no storm. */
const accountsAtOnce = 20

interface Update {
  readonly accounts: readonly AccountId[]
  readonly revision: number
  readonly after: number
}

/**
 * The accounts of which an update of the data, as far as the outbox knows it behind an event, touches more images than are told of
 * one by one. Reads until it knows: memory grows with the limits, never with the update, and what the update touches is gone
 * through once for many accounts.
 */
export async function findStorms(
  deps: PlanDeps,
  { accounts, ...update }: Update,
  options: { readonly signal: AbortSignal },
): Promise<ReadonlySet<AccountId>> {
  const limits = new Map<AccountId, number>()
  for (const account of new Set(accounts)) {
    const images = await countScannedImages(deps.database, account)
    const limit = stormLimit(images, deps.stormPercent)
    // A small account's update is not to be found out from the images of all others.
    if (images > limit) limits.set(account, limit)
  }
  const storms = new Set<AccountId>()
  const asked = [...limits]
  for (let start = 0; start < asked.length; start += accountsAtOnce) {
    const part = new Map(asked.slice(start, start + accountsAtOnce))
    for (const account of await walk(deps, { ...update, limits: part }, options))
      storms.add(account)
  }
  return storms
}

async function walk(
  { database }: PlanDeps,
  update: Omit<Update, 'accounts'> & { readonly limits: ReadonlyMap<AccountId, number> },
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlySet<AccountId>> {
  const owners = new RepositoryOwners(database)
  const storms = new Set<AccountId>()
  const touched = new Map([...update.limits.keys()].map((account) => [account, new Set<string>()]))
  const touch = (account: AccountId | undefined, image: string): void => {
    const images = account === undefined ? undefined : touched.get(account)
    if (account === undefined || images === undefined) return
    images.add(image)
    if (images.size <= (update.limits.get(account) ?? 0)) return
    storms.add(account)
    touched.delete(account)
  }
  for await (const packageId of packagesOf(database, update)) {
    for await (const keys of imagesOf(database, packageId)) {
      signal.throwIfAborted()
      for (const { repositoryId, digest } of keys)
        touch((await owners.of(repositoryId))?.account, `${repositoryId}/${digest}`)
      if (touched.size === 0) return storms
      await yieldToEventLoop()
    }
  }
  return storms
}

async function* packagesOf(
  reader: SqlReader,
  { revision, after }: { readonly revision: number; readonly after: number },
): AsyncGenerator<number, void> {
  const pages = pagesOf<{ readonly id: number; readonly kind: string; readonly detail: unknown }>(
    pageEvents,
    (last) => listEvents(reader, { after: last?.id ?? after, limit: pageEvents }),
  )
  for await (const events of pages) {
    for (const { kind, detail } of events) {
      const told = kind === 'FindingsChanged' ? toldChangeOf(detail) : undefined
      if (told?.revision === revision) yield told.packageId
    }
  }
}

async function* imagesOf(
  reader: SqlReader,
  packageId: number,
): AsyncGenerator<Awaited<ReturnType<typeof listImagesHolding>>, void> {
  yield* pagesOf<Awaited<ReturnType<typeof listImagesHolding>>[number]>(pageImages, (last) =>
    listImagesHolding(reader, packageId, {
      after: last ?? { repositoryId: 0, digest: '' },
      limit: pageImages,
    }),
  )
}

/** Whose a repository is, asked once for a walk. */
export class RepositoryOwners {
  readonly #reader: SqlReader
  readonly #known = new Map<
    number,
    Promise<{ readonly account: AccountId; readonly name: string } | undefined>
  >()

  constructor(reader: SqlReader) {
    this.#reader = reader
  }

  async of(
    id: number,
  ): Promise<{ readonly account: AccountId; readonly name: string } | undefined> {
    const known = this.#known.get(id) ?? findRepositoryById(this.#reader, id)
    this.#known.set(id, known)
    return known
  }
}
