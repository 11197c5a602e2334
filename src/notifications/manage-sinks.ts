// The sinks of an account: made, changed, removed, their secrets renewed. What each is told is in rules/sink-rule.ts.
import type { Keyring } from '../access/keyring.ts'
import { newestEventId } from '../jobs/outbox.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Resolve } from '../lib/outbound-fetch.ts'
import { resolveTarget } from '../lib/outbound-target.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { describeSink, type DescribedSink } from './describe-sink.ts'
import { notificationError } from './errors.ts'
import { parseSink, parseSinkChange } from './rules/parse-sink.ts'
import type { SinkInput, SinkSettings } from './rules/sink.ts'
import { deleteSinkSecret, expireSinkSecret, listSinkSecrets } from './sink-secret-store.ts'
import { keepSinkSecret, newSigningSecret } from './sink-secrets.ts'
import {
  countSinks,
  deleteSink,
  findSink,
  insertSink,
  updateSink,
  writeSinkState,
  type Sink,
} from './sink-store.ts'

export interface SinkDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly keyring: Keyring
  readonly resolve: Resolve
  readonly allowPrivateNetwork: boolean
}

interface NamedSink {
  readonly account: AccountId
  readonly name: string
}

/** Of one account: each is looked at for every event. */
const mostSinks = 20

/**
 * Told of what happens from now on. `signingSecret` is shown this once, of a webhook. SINK_INVALID, SINK_EXISTS, SINK_LIMIT.
 */
export async function createSink(
  deps: SinkDeps,
  {
    account,
    principal,
    asked,
  }: { readonly account: AccountId; readonly principal: string; readonly asked: unknown },
): Promise<DescribedSink & { readonly signingSecret?: string }> {
  const { database, clock, ids } = deps
  const reading = parseSink(asked)
  if (reading.kind === 'refused') throw invalid(reading.problems)
  const { input } = reading
  await requireReachable(deps, input)
  const now = clock.now()
  const signingSecret = input.settings.kind === 'webhook' ? newSigningSecret(ids) : undefined
  const sink = await database.transaction(async (tx) => {
    if ((await countSinks(tx, account)) >= mostSinks) {
      throw notificationError('SINK_LIMIT', `account ${account} has ${mostSinks} sinks`)
    }
    const { name, settings, rule, digestSeconds, url, password } = input
    const row = { id: ids.uuid(), account, name, settings, rule, digestSeconds }
    const afterEvent = await newestEventId(tx)
    const made = await insertSink(tx, { ...row, createdBy: principal, createdAt: now, afterEvent })
    if (!made) throw notificationError('SINK_EXISTS', `account ${account} has a sink ${name}`)
    const secrets = { signing: signingSecret, url, password } as const
    for (const part of ['signing', 'url', 'password'] as const) {
      const text = secrets[part]
      if (text !== undefined) await keepSinkSecret(deps, tx, { sinkId: row.id, part, text }, now)
    }
    return requireSink(tx, { account, name })
  })
  return { ...describeSink(sink), ...(signingSecret === undefined ? {} : { signingSecret }) }
}

function invalid(problems: readonly string[]): Error {
  return notificationError('SINK_INVALID', problems.slice(0, 20).join('; '))
}

/** What is known to lead nowhere is refused at once. A name that nobody knows yet may be known when there is something to tell. */
async function requireReachable(deps: SinkDeps, input: SinkInput): Promise<void> {
  const { host, isPlain } = hostOf(input)
  let target: Awaited<ReturnType<typeof resolveTarget>>
  try {
    target = await resolveTarget(deps.resolve, host, deps)
  } catch {
    return
  }
  if (typeof target === 'string') throw invalid([`${target} (PRATIQUE_NOTIFY_PRIVATE)`])
  if (isPlain && !target.isPrivate) {
    throw invalid([`${host} is in the public network, where nothing is sent without TLS`])
  }
}

function hostOf({ settings, url = '' }: SinkInput): {
  readonly host: string
  readonly isPlain: boolean
} {
  if (settings.kind === 'smtp')
    return { host: settings.host, isPlain: settings.security === 'none' }
  const { hostname, protocol } = new URL(url)
  return { host: hostname, isPlain: protocol === 'http:' }
}

export async function changeSink(
  { database }: SinkDeps,
  { asked, ...named }: NamedSink & { readonly asked: unknown },
): Promise<DescribedSink> {
  return database.transaction(async (tx) => {
    const sink = await requireSink(tx, named)
    const reading = parseSinkChange(asked, sink.settings.kind)
    if (reading.kind === 'refused') throw invalid(reading.problems)
    const { rule = sink.rule, digestSeconds = sink.digestSeconds, enabled } = reading.change
    await updateSink(tx, sink.id, { rule, digestSeconds: digestSeconds ?? undefined })
    if (enabled !== undefined && enabled !== (sink.state === 'active')) {
      const state = enabled ? 'active' : 'disabled'
      const stateReason = enabled ? undefined : 'somebody switched it off'
      await writeSinkState(tx, sink.id, { state, stateReason })
    }
    return describeSink(await requireSink(tx, named))
  })
}

/** With what waits and its dead letters. */
export async function removeSink({ database }: SinkDeps, named: NamedSink): Promise<void> {
  await database.transaction(async (tx) => deleteSink(tx, (await requireSink(tx, named)).id))
}

/** How long the secret before is valid beside the new one, unless somebody says otherwise. */
const overlapHours = 24
const longestOverlapHours = 24 * 30

/**
 * A new signing secret, shown this once. Messages are signed with both until the one before ends; of more than two the oldest
 * goes at once. SINK_UNSIGNED.
 */
export async function rotateSinkSecret(
  deps: SinkDeps,
  { hours = overlapHours, ...named }: NamedSink & { readonly hours?: number },
): Promise<{
  readonly name: string
  readonly signingSecret: string
  readonly formerEndsAt: string
}> {
  const { database, clock, ids } = deps
  const now = clock.now()
  const ends = new Date(now.getTime() + Math.min(hours, longestOverlapHours) * 3_600_000)
  const signingSecret = newSigningSecret(ids)
  await database.transaction(async (tx) => {
    const { id, settings } = await requireSink(tx, named)
    if (settings.kind !== 'webhook') throw unsigned(named, settings)
    const [former, ...older] = await listSinkSecrets(tx, { sinkId: id, part: 'signing' }, now)
    for (const one of older) await deleteSinkSecret(tx, one.id)
    if (former !== undefined) await expireSinkSecret(tx, former.id, ends)
    await keepSinkSecret(deps, tx, { sinkId: id, part: 'signing', text: signingSecret }, now)
  })
  return { name: named.name, signingSecret, formerEndsAt: ends.toISOString() }
}

function unsigned({ name }: NamedSink, { kind }: SinkSettings): Error {
  return notificationError('SINK_UNSIGNED', `sink ${name} is of the kind ${kind}`)
}

/** The sink, or SINK_UNKNOWN. */
export async function requireSink(reader: SqlReader, { account, name }: NamedSink): Promise<Sink> {
  const sink = await findSink(reader, account, name)
  if (sink !== undefined) return sink
  throw notificationError('SINK_UNKNOWN', `account ${account} has no sink ${name}`)
}
