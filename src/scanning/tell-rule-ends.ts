import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import type { SuppressionRule } from '../vex/suppression-rules.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { askForNextEnd } from './await-rule-ends.ts'
import { recordImageFindingsChanged } from './image-changes-store.ts'
import { listFindings, type Finding } from './list-findings.ts'
import {
  findToldRuleEnds,
  recordRulesEnded,
  writeToldRuleEnds,
  type RuleEndWalk,
} from './rule-end-store.ts'
import { describeRule } from './rules/describe-rule.ts'
import { compareFindings } from './rules/finding-changes.ts'
import { endedWithin } from './rules/rule-ends.ts'
import { findScanRow, listScannedImages, readScannedInstances } from './scan-store.ts'
import { storedRules } from './stored-rules.ts'
import { findRules } from './suppression-rules-store.ts'
import type { Suppressions } from './suppressions.ts'

const imagesAtOnce = 100
const maxToldRules = 100

export interface RuleEndDeps {
  readonly database: Database
  readonly clock: Clock
  readonly suppressions: Suppressions
}

/**
 * The job: tells what came back when rules ended, a page of images at a time, and asks for itself until all are told and
 * again at the next end. What is told, and how far that is, is written together: a killed run tells nothing twice. A
 * clock that was set back tells no end a second time.
 */
export async function tellRuleEnds(
  deps: RuleEndDeps,
  input: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const account = accountIn(input)
  const { database, clock } = deps
  const found = await findRules(database, account)
  const rules = found === undefined ? [] : storedRules(found.text)
  const now = clock.now()
  // Without a row the rules are from before ends were told: those that lie behind are no news.
  const told = await findToldRuleEnds(database, account)
  const through = told?.through ?? now
  const walk = told?.walk ?? begin(now)
  const ended = endedWithin(rules, through, walk.to)
  const ends: Ends = { account, rules, ended, through, walk }
  const page = { after: walk.after, limit: imagesAtOnce }
  const images = ended.length === 0 ? [] : await listScannedImages(database, account, page)
  const reopened: Reopened[] = []
  for (const image of images) {
    signal.throwIfAborted()
    reopened.push({ image, opened: await listReopened(deps, ends, image) })
    await yieldToEventLoop()
  }
  await database.transaction((tx) =>
    images.length === 0 ? finishWalk(tx, ends, now) : tellPage(tx, ends, reopened, now),
  )
}

/** What is known of the ends that are being told. */
interface Ends {
  readonly account: AccountId
  /** All of the account. */
  readonly rules: readonly SuppressionRule[]
  readonly ended: readonly SuppressionRule[]
  readonly through: Date
  readonly walk: RuleEndWalk
}

interface Reopened {
  readonly image: ScannedImage
  readonly opened: readonly Finding[]
}

async function tellPage(
  tx: SqlWriter,
  { account, rules, ended, through, walk }: Ends,
  reopened: readonly Reopened[],
  now: Date,
): Promise<void> {
  const { revision } = await readAdvisoryState(tx)
  const why = { cause: 'rules-ended', rules: ended.map(({ number }) => number) } as const
  for (const { image, opened } of reopened) {
    const changes = compareFindings([], opened)
    await recordImageFindingsChanged(tx, image, { why, revision, changes }, now)
  }
  const after = reopened.at(-1)?.image ?? walk.after
  await writeToldRuleEnds(tx, account, { through, walk: { to: walk.to, after } })
  await askForNextEnd(tx, account, { rules, through, isDue: true }, now)
}

async function finishWalk(
  tx: SqlWriter,
  { account, rules, ended, through, walk }: Ends,
  now: Date,
): Promise<void> {
  const told = walk.to > through ? walk.to : through
  await writeToldRuleEnds(tx, account, { through: told, walk: undefined })
  const described = ended.slice(0, maxToldRules).map((rule) => describeRule(rule, walk.to))
  if (described.length > 0) await recordRulesEnded(tx, account, described, now)
  await askForNextEnd(tx, account, { rules, through: told, isDue: false }, now)
}

type ScannedImage = Awaited<ReturnType<typeof listScannedImages>>[number]

function begin(to: Date): RuleEndWalk {
  return { to, after: { repositoryId: 0, digest: '' } }
}

/** Findings that count since a rule ended, and that nothing else holds back. */
async function listReopened(
  { database, suppressions }: RuleEndDeps,
  { account, ended, walk }: Ends,
  image: ScannedImage,
): Promise<readonly Finding[]> {
  const { repositoryId: id, repository: name, digest } = image
  const found = await readScannedInstances(database, image)
  const instances = found.map((instance) => ({ ...instance, imageDigest: digest }))
  const asked = { account, repository: { id, name }, instances }
  const inForce = await suppressions.inForce(asked)
  // A clock that was set back meanwhile would have the rules in force again.
  const now = inForce.now > walk.to ? inForce.now : walk.to
  const left = (await findScanRow(database, image))?.left
  const { findings } = await listFindings(
    database,
    instances,
    { ...inForce, now },
    { asOf: left?.revision },
  )
  const numbers = new Set(ended.map(({ number }) => number))
  return findings.filter(({ endedRules = [] }) =>
    endedRules.some(({ number }) => numbers.has(number)),
  )
}

function accountIn(input: unknown): AccountId {
  if (typeof input === 'object' && input !== null && 'account' in input) {
    const account = parseAccountId(String(input.account))
    if (account !== undefined) return account
  }
  throw new Error('a job about ends of rules does not name their account')
}
