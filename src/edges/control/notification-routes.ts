import { readAll } from '../../lib/read-all.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface NamedSink {
  readonly account: AccountId
  readonly name: string
}

interface ChosenLetters extends NamedSink {
  /** Undefined: all of the sink. */
  readonly id: number | undefined
}

export interface NotificationRooms {
  readonly listSinks: (account: AccountId) => Promise<readonly unknown[]>
  /** `asked` is what the caller sent: the room reads it. */
  readonly createSink: (input: {
    readonly account: AccountId
    readonly principal: string
    readonly asked: unknown
  }) => Promise<unknown>
  readonly changeSink: (input: NamedSink & { readonly asked: unknown }) => Promise<unknown>
  readonly removeSink: (input: NamedSink) => Promise<void>
  readonly rotateSinkSecret: (input: NamedSink & { readonly hours?: number }) => Promise<unknown>
  readonly testSink: (
    input: NamedSink,
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>
  readonly describeNotifications: (account: AccountId) => Promise<unknown>
  readonly readDeadLetters: (
    input: NamedSink & { readonly after: number; readonly limit: number },
  ) => Promise<readonly unknown[]>
  readonly resendDeadLetters: (input: ChosenLetters) => Promise<number>
  readonly discardDeadLetters: (input: ChosenLetters) => Promise<number>
}

/** Certificates at their largest, and a rule. */
const maxBodyBytes = 128 * 1024
const letterPage = 100

const base = '/pratique/v1/notifications'
const sinks = `${base}/sinks`
const letters = `${base}/dead-letters`

/** Who may make a sink sends what happens in the account where he likes: these are actions of their own. */
export const notificationRoutes: readonly ControlRoute<NotificationRooms>[] = [
  {
    method: 'GET',
    path: sinks,
    action: 'pratique:ListNotificationSinks',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, sinks: await rooms.listSinks(account) },
    }),
  },
  {
    method: 'POST',
    path: sinks,
    action: 'pratique:CreateNotificationSink',
    isOfAccount: true,
    run: async (rooms, { account, principal, body }) =>
      withBody(body, (asked) => rooms.createSink({ account, principal, asked })),
  },
  {
    method: 'POST',
    path: `${sinks}/change`,
    action: 'pratique:UpdateNotificationSink',
    isOfAccount: true,
    run: async (rooms, call) =>
      withSink(call, (named) =>
        withBody(call.body, (asked) => rooms.changeSink({ ...named, asked })),
      ),
  },
  {
    method: 'DELETE',
    path: sinks,
    action: 'pratique:DeleteNotificationSink',
    isOfAccount: true,
    run: async (rooms, call) =>
      withSink(call, async (named) => {
        await rooms.removeSink(named)
        return { kind: 'json', value: named }
      }),
  },
  {
    method: 'POST',
    path: `${sinks}/rotate-secret`,
    action: 'pratique:RotateNotificationSecret',
    isOfAccount: true,
    run: async (rooms, call) => withSink(call, (named) => rotate(rooms, call, named)),
  },
  {
    method: 'POST',
    path: `${sinks}/test`,
    action: 'pratique:TestNotificationSink',
    isOfAccount: true,
    run: async (rooms, call) =>
      withSink(call, async (named) => ({
        kind: 'json',
        value: await rooms.testSink(named, { signal: call.signal }),
      })),
  },
  {
    method: 'GET',
    path: `${base}/status`,
    action: 'pratique:DescribeNotifications',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: await rooms.describeNotifications(account),
    }),
  },
  {
    method: 'GET',
    path: letters,
    action: 'pratique:ListDeadLetters',
    isOfAccount: true,
    run: async (rooms, call) => withSink(call, (named) => listLetters(rooms, call, named)),
  },
  {
    method: 'POST',
    path: `${letters}/resend`,
    action: 'pratique:ResendDeadLetters',
    isOfAccount: true,
    run: async (rooms, call) =>
      withLetters(call, async (chosen) => ({ resent: await rooms.resendDeadLetters(chosen) })),
  },
  {
    method: 'DELETE',
    path: letters,
    action: 'pratique:DeleteDeadLetters',
    isOfAccount: true,
    run: async (rooms, call) =>
      withLetters(call, async (chosen) => ({ deleted: await rooms.discardDeadLetters(chosen) })),
  },
]

async function withBody(
  body: ControlCall['body'],
  work: (asked: unknown) => Promise<unknown>,
): Promise<ControlReply> {
  const bytes = await readAll(body, maxBodyBytes)
  if (bytes === undefined) return refused(`a sink is described in at most ${maxBodyBytes} bytes`)
  let asked: unknown
  try {
    asked = JSON.parse(bytes.toString())
  } catch {
    return refused('the body must be JSON')
  }
  return { kind: 'json', value: await work(asked) }
}

async function withSink(
  { account, query }: ControlCall,
  work: (named: NamedSink) => Promise<ControlReply>,
): Promise<ControlReply> {
  const name = query.get('name')
  if (name === null || name === '') return refused('name must be that of a sink')
  return work({ account, name })
}

async function rotate(
  rooms: NotificationRooms,
  { query }: ControlCall,
  named: NamedSink,
): Promise<ControlReply> {
  const hours = query.get('former-valid-hours')
  if (hours === null) return { kind: 'json', value: await rooms.rotateSinkSecret(named) }
  if (!/^[0-9]{1,3}$/.test(hours) || Number(hours) > 720) {
    return refused('former-valid-hours must be a whole number from 0 to 720')
  }
  const input = { ...named, hours: Number(hours) }
  return { kind: 'json', value: await rooms.rotateSinkSecret(input) }
}

async function listLetters(
  rooms: NotificationRooms,
  { query }: ControlCall,
  named: NamedSink,
): Promise<ControlReply> {
  const after = query.get('after') ?? '0'
  if (!isId(after)) return refused('after must be the id of a dead letter')
  const page = { after: Number(after), limit: letterPage }
  return {
    kind: 'json',
    value: { deadLetters: await rooms.readDeadLetters({ ...named, ...page }) },
  }
}

/** `id` of one, or `all=true`: nobody means all by forgetting which. */
async function withLetters(
  call: ControlCall,
  work: (chosen: ChosenLetters) => Promise<unknown>,
): Promise<ControlReply> {
  const id = call.query.get('id')
  const isAll = call.query.get('all') === 'true'
  if ((id === null) !== isAll || (id !== null && !isId(id))) {
    return refused('give id, that of a dead letter, or all=true')
  }
  return withSink(call, async (named) => ({
    kind: 'json',
    value: await work({ ...named, id: id === null ? undefined : Number(id) }),
  }))
}

function isId(text: string): boolean {
  return /^[0-9]{1,15}$/.test(text)
}
