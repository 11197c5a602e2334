// Which findings filters hold back: each filter is held against the record of the flaw in each image.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { flawFacts, imageFacts } from './criteria-facts.ts'
import { listFilterRows, type FindingFilter } from './finding-filter-store.ts'
import { recordFinding, type FindingRecord, type RecordedImage } from './finding-record.ts'
import type { FilterJudge, Finding, FoundInImages } from './list-findings.ts'
import { findRecordedImage, findRevisionTime } from './recorded-image-store.ts'
import { flawMeets, imageMeets, speaksOfOthers } from './rules/finding-criteria.ts'
import type { Suppression } from './rules/suppression.ts'

/** More than an account may have. */
const maxFilters = 1000
/** Filters held against flaws between two turns of the event loop: some ten milliseconds. */
const judgedAtOnce = 10_000

/** Undefined where the account has no filter that suppresses. */
export async function openFilterJudge(
  { reader, region }: { readonly reader: SqlReader; readonly region: string },
  { account, repositoryId }: { readonly account: AccountId; readonly repositoryId: number },
): Promise<FilterJudge | undefined> {
  const page = { action: 'SUPPRESS', after: '', limit: maxFilters } as const
  const rows = await listFilterRows(reader, account, page)
  const filters = rows.filter(({ criteria }) => !speaksOfOthers(criteria))
  if (filters.length === 0) return undefined
  return async (found) => {
    const held = new Map<Finding, Suppression[]>()
    const digests = new Set(found.flatMap(({ images }) => images))
    for (const digest of digests) {
      const image = await findRecordedImage(reader, { repositoryId, digest })
      if (image === undefined) continue
      const facts = imageFacts(region, image)
      const meant = filters.filter(({ criteria }) => imageMeets(criteria, facts))
      if (meant.length > 0) await judgeImage({ reader, region }, { image, meant, found, held })
    }
    return heldEverywhere(found, held)
  }
}

async function judgeImage(
  { reader, region }: { readonly reader: SqlReader; readonly region: string },
  {
    image,
    meant,
    found,
    held,
  }: {
    readonly image: RecordedImage
    readonly meant: readonly FindingFilter[]
    readonly found: readonly FoundInImages[]
    readonly held: Map<Finding, Suppression[]>
  },
): Promise<void> {
  const inImage = found.filter(({ images }) => images.includes(image.digest))
  const flaws = Map.groupBy(inImage, ({ finding }) => finding.vulnerability)
  let judged = 0
  for (const [, members] of flaws) {
    judged += meant.length
    if (judged > judgedAtOnce) {
      judged = 0
      await yieldToEventLoop()
    }
    const [first, ...others] = members.map(({ finding }) => finding)
    if (first === undefined) continue
    const facts = flawFacts(region, await recordOf(reader, image, [first, ...others]))
    const filter = meant.find(({ criteria }) => flawMeets(criteria, facts))
    if (filter === undefined) continue
    for (const { finding } of members)
      held.set(finding, [...(held.get(finding) ?? []), suppressionOf(filter)])
  }
}

async function recordOf(
  reader: SqlReader,
  image: RecordedImage,
  findings: readonly [Finding, ...Finding[]],
): Promise<FindingRecord> {
  const first = Math.min(
    ...findings.map(({ history, fromRevision }) => history?.first ?? fromRevision),
  )
  const changed = Math.max(
    ...findings.map(({ history, fromRevision }) => history?.changed ?? fromRevision),
  )
  const times = {
    firstSaidAt: await findRevisionTime(reader, first),
    changedAt: await findRevisionTime(reader, changed),
  }
  return recordFinding(image, findings, { times })
}

/** A finding of several platforms counts while it is of one that no filter means. */
function heldEverywhere(
  found: readonly FoundInImages[],
  held: ReadonlyMap<Finding, readonly Suppression[]>,
): ReadonlyMap<Finding, Suppression> {
  const suppressed = new Map<Finding, Suppression>()
  for (const { finding, images } of found) {
    const by: readonly Suppression[] = held.get(finding) ?? []
    const [first] = by
    if (first !== undefined && by.length === new Set<Digest>(images).size)
      suppressed.set(finding, first)
  }
  return suppressed
}

function suppressionOf({ name, madeBy, reason, description }: FindingFilter): Suppression {
  return {
    kind: 'filter',
    by: madeBy,
    name,
    reason: reason ?? description ?? 'no reason was given',
  }
}
