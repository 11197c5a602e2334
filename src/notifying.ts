// Who is told of what happens: the reader of the outbox with its senders, and what Pratique's own API does with sinks.
import type { Config } from './config.ts'
import type { NotificationRooms } from './edges/control/notification-routes.ts'
import type { Gauges, Metrics } from './edges/health/metrics.ts'
import type { Foundation } from './foundation.ts'
import { measureLag } from './jobs/outbox.ts'
import type { Log } from './lib/log.ts'
import { systemResolve } from './lib/outbound-fetch.ts'
import { createMailSender } from './lib/outbound-mail.ts'
import { createOutboundPost } from './lib/outbound-post.ts'
import {
  discardDeadLetters,
  readDeadLetters,
  resendDeadLetters,
} from './notifications/dead-letters.ts'
import { countByKind } from './notifications/delivery-store.ts'
import { describeSink, readSinkStatus, type SinkStatus } from './notifications/describe-sink.ts'
import {
  changeSink,
  createSink,
  removeSink,
  rotateSinkSecret,
} from './notifications/manage-sinks.ts'
import { Notifier, type NotifierLog } from './notifications/notifier.ts'
import { notificationsReader } from './notifications/plan-notices.ts'
import { listSinks } from './notifications/sink-store.ts'
import { testSink } from './notifications/test-sink.ts'
import type { AccountId } from './policy/account-id.ts'
import type { Suppressions } from './scanning/suppressions.ts'

interface NotifyingDeps {
  readonly log: Log
  readonly metrics: Metrics
  readonly suppressions: Suppressions
}

export interface Notifying {
  readonly notifier: Notifier
  readonly rooms: NotificationRooms
}

export function openNotifying(
  config: Config,
  { log, metrics, suppressions }: NotifyingDeps,
  foundation: Foundation,
): Notifying {
  const { region } = config
  const { allowPrivateNetwork, stormPercent } = config.notifications
  const senders = {
    ...foundation,
    region,
    post: createOutboundPost(),
    sendMail: createMailSender(),
    allowPrivateNetwork,
  }
  const notifier = new Notifier({
    ...senders,
    suppressions,
    stormPercent,
    log: notifierLog(log, metrics),
  })
  const sinkDeps = { ...senders, resolve: systemResolve }
  const { database } = foundation
  const rooms: NotificationRooms = {
    listSinks: async (account) => (await listSinks(database, account)).map(describeSink),
    createSink: (input) => createSink(sinkDeps, input),
    changeSink: (input) => changeSink(sinkDeps, input),
    removeSink: (input) => removeSink(sinkDeps, input),
    rotateSinkSecret: (input) => rotateSinkSecret(sinkDeps, input),
    testSink: (input, options) => testSink(senders, input, options),
    describeNotifications: (account) => describeNotifications(foundation, account),
    readDeadLetters: (input) => readDeadLetters(foundation, input),
    async resendDeadLetters(input) {
      const resent = await resendDeadLetters(foundation, input)
      notifier.wake()
      return resent
    },
    discardDeadLetters: (input) => discardDeadLetters(foundation, input),
  }
  return { notifier, rooms }
}

/** For the metrics: how far behind everybody is together. */
export async function measureNotifications({
  database,
  clock,
}: Pick<Foundation, 'database' | 'clock'>): ReturnType<Gauges['notifications']> {
  const { oldest } = await measureLag(database, notificationsReader)
  const now = clock.now().getTime()
  const lagSeconds = oldest === undefined ? 0 : Math.max(0, (now - oldest.getTime()) / 1000)
  return { lagSeconds, queues: await countByKind(database) }
}

/** `eventsBehind`: of the whole installation, what was not yet made into messages. */
async function describeNotifications(
  foundation: Foundation,
  account: AccountId,
): Promise<{
  readonly account: AccountId
  readonly eventsBehind: number
  readonly lagSeconds: number
  readonly sinks: readonly SinkStatus[]
}> {
  const { database } = foundation
  const { events } = await measureLag(database, notificationsReader)
  const { lagSeconds } = await measureNotifications(foundation)
  const sinks: SinkStatus[] = []
  for (const sink of await listSinks(database, account))
    sinks.push(await readSinkStatus(database, sink))
  return { account, eventsBehind: events, lagSeconds, sinks }
}

function notifierLog(log: Log, metrics: Metrics): NotifierLog {
  return {
    attempted: (kind, outcome) => metrics.observeDelivery(kind, outcome),
    sinkDisabled: ({ account, name }, reason) =>
      log.warn({ event: 'notification.sink-disabled', account, sink: name, reason }),
    faulted: (error) => log.error({ event: 'notifications.failed', err: error }),
    eventSkipped: (eventId, error) =>
      log.error({ event: 'notifications.event-skipped', eventId, err: error }),
  }
}
