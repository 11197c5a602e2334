// The posture of one account as the server itself judges it: by the rules that the command line has, and kept with what changed.
import { newestEventId } from '../jobs/outbox.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { gatherEvidence, type GatherDeps } from './gather/gather-evidence.ts'
import { readLogFacts, type LogFactDeps } from './log-facts.ts'
import {
  appendPostureEntry,
  findPosture,
  findPostureRules,
  listPostureEntries,
  recordPostureChange,
  trimPostureEntries,
  writePosture,
  type PostureEntry,
} from './posture-store.ts'
import { judgePosture, type Posture } from './rules/judge-posture.ts'
import { postureDocument } from './rules/posture-document.ts'
import { defaultRulesFile, type PostureRulesFile } from './rules/rules-file.ts'
import { postureRules } from './rules/table.ts'
import { tellChanges } from './rules/tell-changes.ts'
import { readPostureRules } from './put-posture-rules.ts'

export interface JudgeAccountDeps extends Omit<GatherDeps, 'database'> {
  readonly database: Database
  readonly log: LogFactDeps
}

/** Of each rule so many resources are kept, the gravest first. */
const keptResources = 200
const keptEntries = 1000
const dayMs = 86_400_000

export async function judgeAccount(
  deps: JudgeAccountDeps,
  account: AccountId,
  options: { readonly signal: AbortSignal },
): Promise<Posture> {
  const { database, clock } = deps
  const eventId = await newestEventId(database)
  const before = await findPosture(database, account)
  const judgedAt = clock.now()
  const now = judgedAt.getTime()
  const file = await rulesOf(database, account, now)
  const asked = { account, now, soFar: before?.soFar ?? {} }
  const { facts: log, soFar } = await readLogFacts(deps.log, asked, options)
  const { expectations } = file
  const evidence = await gatherEvidence(deps, { account, expectations, log }, options)
  const posture = judgePosture(postureRules, evidence, file.suppress)
  const { changes, failing } = tellChanges(posture.rules, before?.failing)
  const document = JSON.stringify({
    ...postureDocument(posture, { mostResources: keptResources }),
    unknown: file.unknown,
  })
  const { points } = posture.score
  const entry = entryOf(posture, judgedAt)
  await database.transaction(async (tx) => {
    const tookMs = clock.now().getTime() - now
    await writePosture(tx, account, { judgedAt, tookMs, eventId, document, failing, soFar })
    for (const change of changes) {
      const told = points === undefined ? change : { ...change, points }
      await recordPostureChange(tx, account, told, judgedAt)
    }
    const [last] = await listPostureEntries(tx, account, 1)
    if (!isWorthEntry(entry, last)) return
    await appendPostureEntry(tx, account, entry)
    await trimPostureEntries(tx, account, keptEntries)
  })
  return posture
}

async function rulesOf(
  reader: SqlReader,
  account: AccountId,
  now: number,
): Promise<PostureRulesFile> {
  const stored = await findPostureRules(reader, account)
  return stored === undefined ? defaultRulesFile : readPostureRules(stored.text, now)
}

function entryOf({ score, rules }: Posture, at: Date): PostureEntry {
  const { points, passed, failed, unknown, suppressed } = score
  const failing = rules.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule.id)
  return { at, points, passed, failed, unknown, suppressed, failing: failing.toSorted() }
}

/** When something changed, and once a day. */
function isWorthEntry(entry: PostureEntry, last: PostureEntry | undefined): boolean {
  if (last === undefined || entry.at.getTime() - last.at.getTime() >= dayMs) return true
  const { at: _now, ...found } = entry
  const { at: _then, ...known } = last
  return JSON.stringify(found) !== JSON.stringify(known)
}
