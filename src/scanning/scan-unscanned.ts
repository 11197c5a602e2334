import type { Clock } from '../lib/clock.ts'
import { enqueue, type NewJob } from '../jobs/queue.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { listRepositoriesOf, type Repository } from '../registry/repository-store.ts'
import type { Database } from '../storage/database/database.ts'
import type { ImageContent } from './image-scan.ts'
import { listAskedScans } from './renewal-store.ts'
import { walkPriority } from './renew-scans.ts'
import { isScannable, requestScan } from './request-scan.ts'
import { resolveScanning } from './resolve-scanning.ts'
import type { RegistryDefaults } from './rules/scanning-rules.ts'
import type { ScanKey } from './scan-store.ts'

export const scanUnscannedJob = 'scan-unscanned'

const manifestsAtOnce = 100

/** How far the walk of an account's repositories and manifests is. */
interface Place {
  readonly account: AccountId
  /** Repositories up to this name are done. */
  readonly doneBefore: string
  /** Within the next one. */
  readonly after: { readonly pushedAt: number; readonly digest: string }
}

const firstManifest = { pushedAt: 0, digest: '' }

/** Asked for when the rules of an account change: images that were pushed before are to be scanned continuously too. */
export function unscannedOf(account: AccountId): NewJob {
  return walkFrom({ account, doneBefore: '', after: firstManifest })
}

function walkFrom(place: Place): NewJob {
  const { account } = place
  return {
    kind: scanUnscannedJob,
    key: account,
    input: { ...place },
    priority: walkPriority,
    fairKey: account,
  }
}

/**
 * The job: asks for scans of images in continuously scanned repositories that none was asked of, some at a time, and for
 * itself until there are no more. Its place is written with what it asks for.
 */
export async function scanUnscanned(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly defaults: RegistryDefaults
    readonly contentOf: (repositoryId: number) => ImageContent
  },
  input: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const place = placeIn(input)
  const { database, clock, contentOf } = deps
  const repository = await nextContinuous(deps, place, { signal })
  if (repository === undefined) return
  const isSame = repository.isNext
  const after = isSame ? place.after : firstManifest
  const page = await listAskedScans(database, repository.id, { after, limit: manifestsAtOnce })
  const images: ScanKey[] = []
  for (const manifest of page) {
    signal.throwIfAborted()
    if (manifest.isAsked) continue
    if (await isScannable(contentOf(repository.id), manifest.digest)) images.push(manifest)
  }
  const last = page.at(-1)
  const next: Place =
    last === undefined
      ? { ...place, doneBefore: repository.name, after: firstManifest }
      : {
          ...place,
          doneBefore: repository.doneBefore,
          after: { pushedAt: last.pushedAt, digest: last.digest },
        }
  await database.transaction(async (tx) => {
    const now = clock.now()
    const asked = { account: place.account, origin: 'backlog' } as const
    for (const image of images) await requestScan(tx, image, asked, now)
    await enqueue(tx, walkFrom(next), now)
  })
}

/** The next repository that is scanned continuously; `isNext` where the walk stands within it. */
async function nextContinuous(
  deps: Parameters<typeof scanUnscanned>[0],
  place: Place,
  { signal }: { readonly signal: AbortSignal },
): Promise<(Repository & { readonly isNext: boolean; readonly doneBefore: string }) | undefined> {
  const { database: reader, defaults } = deps
  let doneBefore = place.doneBefore
  for (;;) {
    signal.throwIfAborted()
    const page = { after: doneBefore, limit: 1 }
    const [repository] = await listRepositoriesOf(reader, place.account, page)
    if (repository === undefined) return undefined
    const { frequency } = await resolveScanning({ reader, defaults }, repository)
    if (frequency === 'CONTINUOUS_SCAN')
      return { ...repository, isNext: doneBefore === place.doneBefore, doneBefore }
    doneBefore = repository.name
  }
}

function placeIn(input: unknown): Place {
  if (typeof input === 'object' && input !== null && 'account' in input && 'doneBefore' in input) {
    const account = parseAccountId(String(input.account))
    const after = 'after' in input ? input.after : undefined
    if (account !== undefined && typeof after === 'object' && after !== null) {
      return {
        account,
        doneBefore: String(input.doneBefore),
        after: { ...firstManifest, ...after },
      }
    }
  }
  throw new Error('a job about unscanned images does not name their account')
}
