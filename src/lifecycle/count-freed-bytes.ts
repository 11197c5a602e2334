import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { isHeldElsewhere, listBlobsOf, listHoldersOf } from './blob-holder-store.ts'
import type { FreedBytes } from './rules/preview-document.ts'

const pageSize = 500

/**
 * Bytes of blobs that nothing needs when these manifests are gone: a layer that several of them share is counted once, and one
 * that another manifest or repository needs is not. `gone`: digests, each with the rule by which it goes; for what one rule frees
 * alone, what goes by another rule stays. `goneBefore`: what is gone already on the day that is counted.
 */
export async function countFreedBytes(
  reader: SqlReader,
  repositoryId: number,
  {
    gone,
    goneBefore = new Map(),
  }: {
    readonly gone: ReadonlyMap<string, number>
    readonly goneBefore?: ReadonlyMap<string, number>
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<FreedBytes> {
  const seen = new Set<string>()
  const byRule = new Map([...gone.values()].map((rule) => [rule, 0]))
  let all = 0
  let turns = 0
  for (const digest of gone.keys()) {
    signal.throwIfAborted()
    for (const { digest: blob, size } of await listBlobsOf(reader, repositoryId, digest)) {
      if (seen.has(blob)) continue
      seen.add(blob)
      const rules = await rulesThatFree(reader, repositoryId, blob, { gone, goneBefore })
      if (rules === undefined || (await isHeldElsewhere(reader, repositoryId, blob))) continue
      all += size
      const [rule] = rules
      if (rule !== undefined && rules.size === 1) byRule.set(rule, (byRule.get(rule) ?? 0) + size)
    }
    turns += 1
    if (turns % 50 === 0) await yieldToEventLoop()
  }
  return { all, byRule }
}

/** Rules by which the manifests go that refer to the blob; undefined where one stays. */
async function rulesThatFree(
  reader: SqlReader,
  repositoryId: number,
  blob: string,
  { gone, goneBefore }: Record<'gone' | 'goneBefore', ReadonlyMap<string, number>>,
): Promise<ReadonlySet<number> | undefined> {
  const rules = new Set<number>()
  for (let after = ''; ;) {
    const holders = await listHoldersOf(reader, repositoryId, { blob, after, limit: pageSize })
    for (const holder of holders) {
      const rule = gone.get(holder)
      if (rule !== undefined) rules.add(rule)
      else if (!goneBefore.has(holder)) return undefined
    }
    const last = holders.at(-1)
    if (last === undefined || holders.length < pageSize) return rules
    after = last
  }
}
