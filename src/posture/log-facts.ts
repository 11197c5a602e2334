// What the audit log tells of a posture. The log may be many gigabytes: each time only what came since the last time is looked
// through, and the chain is verified once a day.
import type { LogSearch, SearchCursor, SearchPage } from '../audit/search-log.ts'
import type { EventQuery } from '../audit/rules/match-event.ts'
import type { VerifyEvent } from '../audit/verify-log.ts'
import { withRest } from '../lib/rest-after-work.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { PostureEvidence, Told } from './rules/evidence.ts'

export type LogFacts = Pick<PostureEvidence, 'rootUse' | 'lastBackup' | 'lastLogExport' | 'chain'>

/** What was read so far; times in milliseconds. */
export interface ReadSoFar {
  /** Up to when each was looked for. */
  readonly lookedUntil?: number
  readonly rootUse?: number
  readonly lastBackup?: number
  readonly lastLogExport?: number
  readonly verifiedAt?: number
  readonly chain?: PostureEvidence['chain']
}

export interface LogFactDeps {
  /** Who runs the registry: the whole log is his. */
  readonly ownAccount: AccountId
  readonly searchAuditLog: (
    input: LogSearch,
    options: { readonly signal: AbortSignal },
  ) => Promise<SearchPage>
  readonly verifyAuditLog: (options: { readonly signal: AbortSignal }) => AsyncIterable<VerifyEvent>
}

const lookedBackMs = 90 * 86_400_000
/** A clock that was set back writes later lines before earlier ones; what is found twice is the same. */
const overlapMs = 15 * 60_000
const verifiedEveryMs = 23 * 3_600_000
const longestVerificationMs = 120_000
const maxPages = 20
/** Others have as much of the time as the verification. */
const restTimes = 1

const notYours = {
  kind: 'not-applicable',
  why: 'the account that runs this registry looks after it',
} as const

/** `now` in milliseconds. */
export async function readLogFacts(
  deps: LogFactDeps,
  {
    account,
    now,
    soFar,
  }: { readonly account: AccountId; readonly now: number; readonly soFar: ReadSoFar },
  options: { readonly signal: AbortSignal },
): Promise<{ readonly facts: LogFacts; readonly soFar: ReadSoFar }> {
  const oldest = now - lookedBackMs
  const from = Math.max(oldest, (soFar.lookedUntil ?? oldest) - overlapMs)
  const look = async (
    query: Omit<EventQuery, 'account' | 'from'>,
    before: number | undefined,
  ): Promise<Told<number | undefined>> => {
    const found = await lastEvent(deps, { ...query, account, from: new Date(from) }, options)
    if (found === 'too-long')
      return { kind: 'unknown', why: 'the log is longer than an audit reads' }
    const known = found ?? before
    return { kind: 'told', value: known !== undefined && known < oldest ? undefined : known }
  }
  const rootUse = await look({ principal: `arn:aws:iam::${account}:root` }, soFar.rootUse)
  if (account !== deps.ownAccount) {
    const facts = { rootUse, lastBackup: notYours, lastLogExport: notYours, chain: notYours }
    return { facts, soFar: soFarOf({ rootUse }, soFar, now) }
  }
  const lastBackup = await look({ action: 'pratique:BackupStorage' }, soFar.lastBackup)
  const lastLogExport = await look({ action: 'pratique:ExportAuditLog' }, soFar.lastLogExport)
  const { chain, verifiedAt } = await chainOf(deps, { now, soFar }, options)
  return {
    facts: { rootUse, lastBackup, lastLogExport, chain },
    soFar: {
      ...soFarOf({ rootUse, lastBackup, lastLogExport }, soFar, now),
      verifiedAt,
      chain,
    },
  }
}

/** What was not looked through to its beginning is looked through again, and what was known of it stays known. */
function soFarOf(
  told: Readonly<
    Partial<Record<'rootUse' | 'lastBackup' | 'lastLogExport', Told<number | undefined>>>
  >,
  before: ReadSoFar,
  now: number,
): ReadSoFar {
  const found = Object.entries(told).flatMap(([name, one]) =>
    one.kind === 'told' && one.value !== undefined ? [[name, one.value] as const] : [],
  )
  const isWhole = Object.values(told).every(({ kind }) => kind === 'told')
  return { ...before, ...Object.fromEntries(found), ...(isWhole ? { lookedUntil: now } : {}) }
}

/** The last that was done; undefined for none. */
async function lastEvent(
  { searchAuditLog }: LogFactDeps,
  query: EventQuery,
  options: { readonly signal: AbortSignal },
): Promise<number | 'too-long' | undefined> {
  let before: SearchCursor | undefined
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page = await searchAuditLog({ query, limit: 50, before }, options)
    const done = page.events.find(({ text }) => !hasFailed(text))
    if (done !== undefined) return done.time.getTime()
    if (page.next === undefined) return undefined
    before = page.next
  }
  return 'too-long'
}

function hasFailed(line: string): boolean {
  const record: unknown = JSON.parse(line)
  return typeof record === 'object' && record !== null && 'errorCode' in record
}

async function chainOf(
  { verifyAuditLog }: LogFactDeps,
  { now, soFar }: { readonly now: number; readonly soFar: ReadSoFar },
  options: { readonly signal: AbortSignal },
): Promise<{ readonly chain: LogFacts['chain']; readonly verifiedAt: number }> {
  const { chain, verifiedAt } = soFar
  if (chain !== undefined && verifiedAt !== undefined && now - verifiedAt < verifiedEveryMs)
    return { chain, verifiedAt }
  const deadline = AbortSignal.timeout(longestVerificationMs)
  const events = verifyAuditLog(options)[Symbol.asyncIterator]()
  for (;;) {
    // A step is a segment of the log.
    const next = await withRest(() => events.next(), restTimes, options)
    if (next.done === true) break
    const event = next.value
    if (event.kind === 'intact') {
      const words = `is intact, ${event.report.lines} lines`
      return { chain: { kind: 'told', value: { isIntact: true, words } }, verifiedAt: now }
    }
    if (event.kind === 'broken') {
      const words = event.fault.message
      return { chain: { kind: 'told', value: { isIntact: false, words } }, verifiedAt: now }
    }
    if (deadline.aborted) break
  }
  const why = 'the chain is longer than an audit verifies: pratique audit-log verify takes its time'
  return { chain: { kind: 'unknown', why }, verifiedAt: now }
}
