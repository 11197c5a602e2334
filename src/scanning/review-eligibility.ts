import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listRepositoriesOf, type Repository } from '../registry/repository-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import {
  listAgedImages,
  listLeftImages,
  markLeft,
  markReturned,
  recordEligibility,
  type DatedImage,
} from './eligibility-store.ts'
import { extractorRevision } from './examine-image.ts'
import { requestRenewal } from './request-scan.ts'
import { recordImageFindingsChanged } from './image-changes-store.ts'
import type { LeftScanning } from './image-scan.ts'
import { listFindings, type Finding } from './list-findings.ts'
import { resolveScanning } from './resolve-scanning.ts'
import { compareFindings } from './rules/finding-changes.ts'
import { isEligible, isStillOut } from './rules/rescan-eligibility.ts'
import type { RegistryDefaults } from './rules/scanning-rules.ts'
import { findScanRow, readScannedInstances } from './scan-store.ts'
import {
  findRescanDurations,
  listAccountsWithDurations,
  type PutRescanDurations,
} from './scanning-settings-store.ts'
import type { Suppressions } from './suppressions.ts'

const accountsAtOnce = 100
const repositoriesAtOnce = 100
const imagesAtOnce = 100
const dayMs = 86_400_000

export interface ReviewDeps {
  readonly database: Database
  readonly clock: Clock
  readonly defaults: RegistryDefaults
  readonly suppressions: Suppressions
}

interface Reviewed {
  readonly repository: Repository
  readonly durations: PutRescanDurations
}

/**
 * The job: images whose days are over leave continuous scanning, and those that were pushed or pulled again are back. Each
 * page is a transaction of its own, and a run begins from the start: those that were seen to need nothing more.
 */
export async function reviewEligibility(
  deps: ReviewDeps,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { database } = deps
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: { readonly after: string; readonly limit: number } = {
      after,
      limit: accountsAtOnce,
    }
    const accounts: readonly AccountId[] = await listAccountsWithDurations(database, page)
    for (const account of accounts) await reviewAccount(deps, account, options)
    after = accounts.at(-1)
  }
}

async function reviewAccount(
  deps: ReviewDeps,
  account: AccountId,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { database } = deps
  const durations = await findRescanDurations(database, account)
  if (durations === undefined) return
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: { readonly after: string; readonly limit: number } = {
      after,
      limit: repositoriesAtOnce,
    }
    const repositories: readonly Repository[] = await listRepositoriesOf(database, account, page)
    for (const repository of repositories) {
      options.signal.throwIfAborted()
      await reviewRepository(deps, { repository, durations }, options)
    }
    after = repositories.at(-1)?.name
  }
}

async function reviewRepository(
  deps: ReviewDeps,
  reviewed: Reviewed,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const scanningDeps = { reader: deps.database, defaults: deps.defaults }
  const { frequency } = await resolveScanning(scanningDeps, reviewed.repository)
  const isContinuous = frequency === 'CONTINUOUS_SCAN'
  await takeBack(deps, { ...reviewed, isContinuous }, options)
  if (isContinuous) await letLeave(deps, reviewed, options)
}

/** Those that are eligible again; and all of a repository that is not scanned continuously, where nothing expires. */
async function takeBack(
  deps: ReviewDeps,
  { repository, durations, isContinuous }: Reviewed & { readonly isContinuous: boolean },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock } = deps
  let after: string | undefined = ''
  while (after !== undefined) {
    signal.throwIfAborted()
    const page: Awaited<ReturnType<typeof listLeftImages>> = await listLeftImages(
      database,
      repository.id,
      { after, limit: imagesAtOnce },
    )
    for (const image of page) {
      // Readers saw it back already, even if its days are over again by now: then it leaves anew.
      const isSeenBack = !isStillOut(durations, image, image.left.at)
      if (!isContinuous || isSeenBack || isEligible(durations, image, clock.now()))
        await tellReturn(deps, repository, image)
      await yieldToEventLoop()
    }
    after = page.at(-1)?.digest
  }
}

/** What the data brought meanwhile is told now, and a newer scanner that passed it over reads it. */
async function tellReturn(
  { database, clock, suppressions }: ReviewDeps,
  repository: Repository,
  image: DatedImage & { readonly left: LeftScanning },
): Promise<void> {
  const found = await readScannedInstances(database, image)
  const instances = found.map((instance) => ({ ...instance, imageDigest: image.digest }))
  const { account } = repository
  const engine = (await findScanRow(database, image))?.engine
  const inForce = await suppressions.inForce({ account, repository, instances })
  const list = (asOf?: number): Promise<{ readonly findings: readonly Finding[] }> =>
    listFindings(database, instances, inForce, { asOf })
  const before = await list(image.left.revision)
  const after = await list()
  const now = clock.now()
  await database.transaction(async (tx) => {
    const { revision } = await readAdvisoryState(tx)
    await markReturned(tx, image)
    if (engine !== extractorRevision) await requestRenewal(tx, image, account, now)
    await recordEligibility(tx, image, { isEligible: true, revision }, now)
    const changes = compareFindings(before.findings, after.findings)
    await recordImageFindingsChanged(
      tx,
      image,
      { why: { cause: 'eligibility' }, revision, changes },
      now,
    )
  })
}

async function letLeave(
  { database, clock }: ReviewDeps,
  { repository, durations }: Reviewed,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { pushDays } = durations
  if (pushDays === undefined) return
  const before = new Date(clock.now().getTime() - pushDays * dayMs)
  let after: { readonly pushedAt: number; readonly digest: string } | undefined = {
    pushedAt: 0,
    digest: '',
  }
  while (after !== undefined) {
    signal.throwIfAborted()
    const page: Parameters<typeof listAgedImages>[2] = { before, after, limit: imagesAtOnce }
    const images: readonly DatedImage[] = await database.transaction(async (tx) => {
      const aged = await listAgedImages(tx, repository.id, page)
      const revision = await settledRevision(tx)
      // While packages wait to be evaluated no revision has an image's findings whole: the next review takes them.
      if (revision === undefined) return []
      const now = clock.now()
      for (const image of aged) {
        if (!image.isRenewed || isEligible(durations, image, now)) continue
        await markLeft(tx, image, { at: now, revision })
        await recordEligibility(tx, image, { isEligible: false, revision }, now)
      }
      return aged
    })
    const last = images.at(-1)
    after =
      last === undefined ? undefined : { pushedAt: last.pushedAt.getTime(), digest: last.digest }
    await yieldToEventLoop()
  }
}

/** The newest revision, where every package was evaluated against it. */
async function settledRevision(reader: SqlReader): Promise<number | undefined> {
  const { revision, evaluatedRevision } = await readAdvisoryState(reader)
  return evaluatedRevision >= revision ? revision : undefined
}
