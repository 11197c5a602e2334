import { countDeliveries } from './delivery-store.ts'
import { findDigest } from './digest-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { SinkRule } from './rules/sink-rule.ts'
import type { SinkSettings } from './rules/sink.ts'
import type { Sink } from './sink-store.ts'

/** A sink as it is shown: of its address only what is no secret. */
export interface DescribedSink {
  readonly name: string
  readonly kind: SinkSettings['kind']
  /** `https://host`, or who gets mail over which server. */
  readonly target: string
  readonly form?: 'eventbridge' | 'cloudevents'
  readonly rule: SinkRule
  /** Absent: each message by itself. */
  readonly digestMinutes?: number
  readonly state: 'active' | 'disabled'
  readonly reason?: string
  readonly createdAt: string
  readonly createdBy: string
}

export function describeSink(sink: Sink): DescribedSink {
  const { settings, digestSeconds, stateReason } = sink
  return {
    name: sink.name,
    kind: settings.kind,
    target: targetOf(settings),
    ...(settings.kind === 'webhook' ? { form: settings.form } : {}),
    rule: sink.rule,
    ...(digestSeconds === undefined ? {} : { digestMinutes: digestSeconds / 60 }),
    state: sink.state,
    ...(stateReason === undefined ? {} : { reason: stateReason }),
    createdAt: sink.createdAt.toISOString(),
    createdBy: sink.createdBy,
  }
}

function targetOf(settings: SinkSettings): string {
  if (settings.kind !== 'smtp') return settings.origin
  return `${settings.to.join(', ')} by ${settings.host}:${settings.port}`
}

/** How it goes with a sink: `delivered` since it was made, `waiting` now, `deadLetters` that are kept, `dropped` that are not. */
export interface SinkStatus extends Pick<
  DescribedSink,
  'name' | 'kind' | 'target' | 'state' | 'reason'
> {
  readonly delivered: number
  readonly waiting: number
  readonly waitingSince?: string
  readonly deadLetters: number
  readonly dropped: number
  readonly failures: number
  readonly failingSince?: string
  readonly pausedUntil?: string
  readonly lastError?: string
  readonly lastDeliveredAt?: string
  /** Messages that are gathered, and when they go. */
  readonly digest?: { readonly messages: number; readonly dueAt: string }
}

export async function readSinkStatus(reader: SqlReader, sink: Sink): Promise<SinkStatus> {
  const { health } = sink
  const { name, kind, target, state, reason } = describeSink(sink)
  const { waiting, dead, oldest } = await countDeliveries(reader, sink.id)
  const digest = await findDigest(reader, sink.id)
  return {
    name,
    kind,
    target,
    state,
    ...(reason === undefined ? {} : { reason }),
    delivered: health.delivered,
    waiting,
    ...moment('waitingSince', oldest),
    deadLetters: dead,
    dropped: health.dropped,
    failures: health.failures,
    ...moment('failingSince', health.failingSince),
    ...moment('pausedUntil', health.pausedUntil),
    ...(health.failures === 0 || health.lastError === undefined
      ? {}
      : { lastError: health.lastError }),
    ...moment('lastDeliveredAt', health.lastDeliveredAt),
    ...(digest === undefined
      ? {}
      : { digest: { messages: digest.summary.messages, dueAt: digest.dueAt.toISOString() } }),
  }
}

function moment<Name extends string>(
  name: Name,
  at: Date | undefined,
): { readonly [key in Name]?: string } {
  const absent: { readonly [key in Name]?: string } = {}
  return at === undefined ? absent : { ...absent, [name]: at.toISOString() }
}
