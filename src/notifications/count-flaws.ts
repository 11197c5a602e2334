// An update that is told as numbers: how many images hold the package, and which flaws of it came, changed and went.
import type { OutboxEvent } from '../jobs/outbox.ts'
import type { FlawChange, PackageChange } from '../scanning/package-change.ts'
import { findPackage } from '../scanning/package-store.ts'
import type { ScanKey } from '../scanning/scan-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { MessageWriter } from './message-writer.ts'
import type { Counted } from './rules/digest.ts'
import type { FindingChange } from './rules/notice.ts'
import { wantsFlaw, type ToldFlaw } from './rules/sink-rule.ts'
import type { Sink } from './sink-store.ts'

export interface CountedImages {
  readonly sink: Sink
  readonly example: { readonly repository: string; readonly digest: string }
  images: number
}

export function countImage(
  counts: Map<string, CountedImages>,
  sink: Sink,
  { key, name }: { readonly key: ScanKey; readonly name: string },
): void {
  const known = counts.get(sink.id) ?? {
    sink,
    example: { repository: name, digest: key.digest },
    images: 0,
  }
  known.images += 1
  counts.set(sink.id, known)
}

/** What is said of the flaws where no image is looked at: what somebody holds back in some of them is counted too. */
export async function flawsToCount(
  reader: SqlReader,
  change: PackageChange,
): Promise<
  readonly Omit<Extract<Counted, { readonly kind: 'finding' }>, 'repository' | 'digest'>[]
> {
  const found = await findPackage(reader, change.packageId)
  const { name = '', version = '' } = found?.package ?? {}
  return change.flaws.map((flaw) => ({
    kind: 'finding',
    ...toldFlawOf(flaw),
    tags: [],
    vulnerability: flaw.vulnerability,
    package: { name, version },
    url: (flaw.after ?? flaw.before)?.match.url ?? '',
  }))
}

export async function countFlaws(
  writer: MessageWriter,
  event: OutboxEvent,
  { sink, example, images }: CountedImages,
  flaws: Awaited<ReturnType<typeof flawsToCount>>,
): Promise<void> {
  const told = { at: event.at.toISOString(), cause: 'storm', times: images } as const
  for (const flaw of flaws) {
    if (wantsFlaw(sink.rule, flaw)) await writer.count(sink, { ...flaw, ...example }, told)
  }
}

export function toldFlawOf({ before, after }: FlawChange): ToldFlaw {
  const { severity = 'UNDEFINED', isKev = false, match } = after ?? before ?? {}
  const isRerated = before !== undefined && after !== undefined && before.severity !== severity
  return {
    change: wordOf({ before, after }),
    severity,
    isKev,
    ...epssOf(after ?? before),
    ...(isRerated ? { previousSeverity: before.severity } : {}),
    ...(match?.fixedVersion === undefined ? {} : { fixedVersion: match.fixedVersion }),
  }
}

function wordOf({ before, after }: Pick<FlawChange, 'before' | 'after'>): FindingChange {
  if (after === undefined) return 'CLOSED'
  return before === undefined ? 'NEW' : 'CHANGED'
}

function epssOf(flaw: FlawChange['after']): Pick<ToldFlaw, 'epss'> {
  return flaw?.epss === undefined ? {} : { epss: flaw.epss }
}
