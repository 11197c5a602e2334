// A place where images are scanned, and somebody is told of it: the room without doors, and with a receiver in memory.
import type { TestContext } from 'node:test'
import type { Keyring } from '../../src/access/keyring.ts'
import type { PostResult } from '../../src/lib/outbound-post.ts'
import { parseAccountId, type AccountId } from '../../src/policy/account-id.ts'
import { closeDigests } from '../../src/notifications/close-digests.ts'
import { deliverDue, type DeliveryDeps } from '../../src/notifications/deliver-due.ts'
import { createSink, type SinkDeps } from '../../src/notifications/manage-sinks.ts'
import { planNotices } from '../../src/notifications/plan-notices.ts'
import type { PlanDeps } from '../../src/notifications/planned-part.ts'
import { findSink, type Sink } from '../../src/notifications/sink-store.ts'
import { openSuppressions } from '../../src/scanning/suppressions.ts'
import { testKeyring } from './keyring.ts'
import { scanPlace, type ScanPlace } from './scanning.ts'

/** A message as a webhook got it, in EventBridge's envelope. */
export interface Received {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly event: {
    readonly id: string
    readonly 'detail-type': string
    readonly detail: Readonly<Record<string, unknown>>
  }
}

export interface NotifyingPlace
  extends Omit<ScanPlace, 'suppressions'>, PlanDeps, DeliveryDeps, SinkDeps {
  readonly clock: ScanPlace['clock']
  readonly keyring: Keyring
  /** In the order of arrival, also what was not taken. */
  readonly received: Received[]
  /** What the receiver at an address says; taken where nothing is said. */
  answer: (message: Received) => PostResult | Promise<PostResult>
  readonly log: DeliveryDeps['log'] & { readonly outcomes: string[] }
}

const owner = parseAccountId('123456789012')
if (owner === undefined) throw new Error('unreachable')
export const account: AccountId = owner

export const taken: PostResult = { kind: 'answered', status: 204, retryAfterSeconds: undefined }

export function answered(status: number, retryAfterSeconds?: number): PostResult {
  return { kind: 'answered', status, retryAfterSeconds }
}

export async function notifyingPlace(
  t: TestContext,
  { stormPercent = 10 }: { readonly stormPercent?: number } = {},
): Promise<NotifyingPlace> {
  const place = await scanPlace(t)
  const { database, clock } = place
  await database.transaction((tx) =>
    tx.run(`INSERT INTO accounts (id, created_at) VALUES ('123456789012', 0), ('210987654321', 0)`),
  )
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  const received: Received[] = []
  const outcomes: string[] = []
  const made: NotifyingPlace = {
    ...place,
    suppressions,
    region: 'us-east-1',
    stormPercent,
    keyring: await testKeyring(database),
    received,
    answer: () => taken,
    allowPrivateNetwork: false,
    // Nothing is resolved: a name that nobody knows yet is taken.
    resolve: async () => Promise.reject(new Error('ENOTFOUND')),
    post: async ({ url, headers, body }) => {
      const message = { url, headers, event: JSON.parse(body) as Received['event'] }
      received.push(message)
      return made.answer(message)
    },
    sendMail: async () => Promise.resolve({ kind: 'taken' }),
    log: {
      outcomes,
      attempted: (kind, outcome) => void outcomes.push(`${kind} ${outcome}`),
      sinkDisabled: ({ name }, reason) => void outcomes.push(`${name}: ${reason}`),
    },
  }
  return made
}

const { signal } = new AbortController()

/** A webhook of the account, or of another. */
export async function addWebhook(
  at: NotifyingPlace,
  name: string,
  asked: Readonly<Record<string, unknown>> = {},
  of: AccountId = account,
): Promise<Sink> {
  const url = `https://${name}.test/hook`
  await createSink(at, {
    account: of,
    principal: 'arn',
    asked: { name, kind: 'webhook', url, ...asked },
  })
  return sinkNamed(at, name, of)
}

export async function sinkNamed(
  at: NotifyingPlace,
  name: string,
  of: AccountId = account,
): Promise<Sink> {
  const sink = await findSink(at.database, of, name)
  if (sink === undefined) throw new Error(`no sink ${name}`)
  return sink
}

/** Reads the outbox to its end. */
export async function planAll(at: NotifyingPlace): Promise<void> {
  while (await planNotices(at, { signal }));
}

/** Sends what is due for the sink, until nothing is. */
export async function deliverAll(at: NotifyingPlace, sink: Sink): Promise<void> {
  while (await deliverDue(at, sink.id, { signal }));
}

/** Everything that a turn of the server would do for one sink. */
export async function tellAll(at: NotifyingPlace, sink: Sink): Promise<readonly Received[]> {
  const before = at.received.length
  await planAll(at)
  await closeDigests(at)
  await deliverAll(at, sink)
  return at.received.slice(before)
}
