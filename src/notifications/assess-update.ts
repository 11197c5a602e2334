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

/**
 * Whether an update of the data, as far as the outbox knows it behind an event, touches more images of the account than are told of
 * one by one. Reads until it knows: memory grows with the limit, never with the update.
 */
export async function isStorm(
  { database, stormPercent }: PlanDeps,
  update: { readonly account: AccountId; readonly revision: number; readonly after: number },
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const images = await countScannedImages(database, update.account)
  const limit = stormLimit(images, stormPercent)
  // A small account's update is not to be found out from the images of all others.
  if (images <= limit) return false
  const owners = new RepositoryOwners(database)
  const touched = new Set<string>()
  for await (const packageId of packagesOf(database, update)) {
    for await (const keys of imagesOf(database, packageId)) {
      signal.throwIfAborted()
      for (const key of await owners.keysOf(update.account, keys)) touched.add(key)
      if (touched.size > limit) return true
      await yieldToEventLoop()
    }
  }
  return false
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

  /** Of these images, a key for each that is of the account. */
  async keysOf(
    account: AccountId,
    images: Awaited<ReturnType<typeof listImagesHolding>>,
  ): Promise<readonly string[]> {
    const keys: string[] = []
    for (const { repositoryId, digest } of images) {
      if ((await this.of(repositoryId))?.account === account) keys.push(`${repositoryId}/${digest}`)
    }
    return keys
  }
}
