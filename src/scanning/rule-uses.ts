import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { storedRules } from './stored-rules.ts'
import { listFindings } from './list-findings.ts'
import { describeRule, type DescribedRule } from './rules/describe-rule.ts'
import { listScannedImages, readScannedInstances } from './scan-store.ts'
import { findRules } from './suppression-rules-store.ts'
import type { Suppressions } from './suppressions.ts'

export interface RuleUse extends DescribedRule {
  readonly kind: 'rule'
  /** Findings that it holds back now, or would, were it not over. */
  readonly findings: number
  readonly images: number
}

const imagesAtOnce = 200

interface Use {
  readonly images: Set<string>
  findings: number
}

/** Goes through the newest scans of all images of the account: first how far it is, then each rule with what it does. */
export async function* countRuleUses(
  deps: { readonly reader: SqlReader; readonly clock: Clock; readonly suppressions: Suppressions },
  account: AccountId,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<RuleUse | { readonly kind: 'progress'; readonly images: number }, void> {
  const { reader, clock } = deps
  const found = await findRules(reader, account)
  const rules = found === undefined ? [] : storedRules(found.text)
  const uses = new Map<number, Use>()
  let images = 0
  let after = { repositoryId: 0, digest: '' }
  for (;;) {
    const page = await listScannedImages(reader, account, { after, limit: imagesAtOnce })
    for (const image of page) {
      signal.throwIfAborted()
      await countImage(deps, { account, ...image }, uses)
      await yieldToEventLoop()
    }
    images += page.length
    const last = page.at(-1)
    if (last === undefined) break
    after = last
    yield { kind: 'progress', images }
  }
  const now = clock.now()
  for (const rule of rules) {
    const use = uses.get(rule.number)
    yield {
      kind: 'rule',
      ...describeRule(rule, now),
      findings: use?.findings ?? 0,
      images: use?.images.size ?? 0,
    }
  }
}

async function countImage(
  { reader, suppressions }: { readonly reader: SqlReader; readonly suppressions: Suppressions },
  image: { readonly account: AccountId } & Awaited<ReturnType<typeof listScannedImages>>[number],
  uses: Map<number, Use>,
): Promise<void> {
  const { account, repositoryId, repository: name, digest } = image
  const found = await readScannedInstances(reader, { repositoryId, digest })
  const instances = found.map((instance) => ({ ...instance, imageDigest: digest }))
  const repository = { id: repositoryId, name }
  const inForce = await suppressions.inForce({ account, repository, instances })
  const { findings, suppressed } = await listFindings(reader, instances, inForce)
  const held = suppressed.flatMap(({ suppression }) =>
    suppression?.kind === 'rule' ? [suppression.number] : [],
  )
  const ended = findings.flatMap(({ endedRules = [] }) => endedRules.map(({ number }) => number))
  for (const number of [...held, ...ended]) {
    const use = uses.get(number) ?? { images: new Set(), findings: 0 }
    use.images.add(`${repositoryId}/${digest}`)
    use.findings += 1
    uses.set(number, use)
  }
}
