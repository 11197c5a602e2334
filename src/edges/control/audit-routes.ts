import type { Anchor } from '../../audit/rules/notices.ts'
import { readAnchor } from '../../audit/rules/notices.ts'
import type { EventQuery } from '../../audit/rules/match-event.ts'
import { parseSegmentName } from '../../audit/rules/segment-name.ts'
import type { LogSearch, SearchCursor, SearchPage } from '../../audit/search-log.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface Options {
  readonly signal: AbortSignal
}

export interface AuditRooms {
  /** Whose administrators may take the whole log: every account's records are in it. */
  readonly ownAccount: AccountId
  readonly searchAuditLog: (input: LogSearch, options: Options) => Promise<SearchPage>
  /** The last event says how it ended. */
  readonly verifyAuditLog: (
    input: { readonly anchor: Anchor | undefined },
    options: Options,
  ) => AsyncIterable<unknown>
  /** Of an export, as it comes. */
  readonly verifyAuditExport: (
    input: { readonly pieces: AsyncIterable<Uint8Array> },
    options: Options,
  ) => AsyncIterable<unknown>
  readonly exportAuditLog: (
    input: { readonly from: Date | undefined; readonly to: Date | undefined },
    options: Options,
  ) => AsyncIterable<Uint8Array>
  readonly anchorAuditLog: () => Promise<Anchor>
}

const base = '/pratique/v1/audit-log'

export const auditRoutes: readonly ControlRoute<AuditRooms>[] = [
  {
    method: 'GET',
    path: `${base}/events`,
    action: 'pratique:SearchAuditLog',
    isOfAccount: true,
    run: search,
  },
  {
    method: 'POST',
    path: `${base}/verifications`,
    action: 'pratique:VerifyAuditLog',
    run: async (rooms, call) => Promise.resolve(verify(rooms, call)),
  },
  {
    method: 'POST',
    path: `${base}/verifications/exports`,
    action: 'pratique:VerifyAuditLog',
    run: async (rooms, { account, body: pieces, signal }) =>
      Promise.resolve(
        account === rooms.ownAccount
          ? { kind: 'lines', values: rooms.verifyAuditExport({ pieces }, { signal }) }
          : notYours(),
      ),
  },
  {
    method: 'GET',
    path: `${base}/export`,
    action: 'pratique:ExportAuditLog',
    run: async (rooms, call) => Promise.resolve(exportLines(rooms, call)),
  },
  {
    method: 'GET',
    path: `${base}/anchor`,
    action: 'pratique:GetAuditLogAnchor',
    run: async (rooms, { account }) =>
      account === rooms.ownAccount
        ? { kind: 'json', value: await rooms.anchorAuditLog() }
        : notYours(),
  },
]

/** The events of the caller's account, newest first; `next` goes on where a page ended. */
async function search(rooms: AuditRooms, call: ControlCall): Promise<ControlReply> {
  const { query, account, signal } = call
  const times = timesOf(query)
  if (times === undefined) return badTime()
  const limit = Number(query.get('limit') ?? '50')
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    return refused('limit must be a whole number from 1 to 1000')
  }
  const next = query.get('next')
  const before = next === null ? undefined : readCursor(next)
  if (next !== null && before === undefined) return refused('next is not what a page ended with')
  const page = await rooms.searchAuditLog(
    { query: { account, ...textsOf(query), ...presentTimes(times) }, limit, before },
    { signal },
  )
  const events = page.events.map(({ text }): unknown => JSON.parse(text))
  const value =
    page.next === undefined
      ? { events }
      : { events, next: `${page.next.segment}:${page.next.offset}` }
  return { kind: 'json', value }
}

function textsOf(query: URLSearchParams): Partial<EventQuery> {
  const text = (name: string): string | undefined => query.get(name)?.slice(0, 2048)
  const [principal, action, resource] = [text('principal'), text('action'), text('resource')]
  const accessKeyId = text('access-key-id')
  return {
    ...(principal === undefined ? {} : { principal }),
    ...(action === undefined ? {} : { action }),
    ...(resource === undefined ? {} : { resource }),
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
    ...(query.get('denied') === 'true' ? { denied: true } : {}),
  }
}

function readCursor(text: string): SearchCursor | undefined {
  const [, segment = '', offset = ''] = /^([a-z0-9.-]{1,64}):([0-9]{1,15})$/.exec(text) ?? []
  return parseSegmentName(segment) === undefined ? undefined : { segment, offset: Number(offset) }
}

function verify(rooms: AuditRooms, { account, query, signal }: ControlCall): ControlReply {
  if (account !== rooms.ownAccount) return notYours()
  const text = query.get('anchor')
  const anchor = text === null ? undefined : readAnchor(text)
  if (text !== null && anchor === undefined) {
    return refused('anchor must be what pratique audit-log anchor prints')
  }
  return { kind: 'lines', values: rooms.verifyAuditLog({ anchor }, { signal }) }
}

function exportLines(rooms: AuditRooms, { account, query, signal }: ControlCall): ControlReply {
  if (account !== rooms.ownAccount) return notYours()
  const times = timesOf(query)
  if (times === undefined) return badTime()
  const pieces = rooms.exportAuditLog(times, { signal })
  return { kind: 'bytes', type: 'application/x-ndjson', pieces }
}

interface Times {
  readonly from: Date | undefined
  readonly to: Date | undefined
}

function timesOf(query: URLSearchParams): Times | undefined {
  const [from, to] = ['from', 'to'].map((name) => {
    const text = query.get(name)
    return text === null ? undefined : new Date(text)
  })
  const isBad = [from, to].some((time) => time !== undefined && Number.isNaN(time.getTime()))
  return isBad ? undefined : { from, to }
}

function presentTimes({ from, to }: Times): Partial<EventQuery> {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function badTime(): ControlReply {
  return refused('from and to must be times such as 2026-11-26T12:00:00Z')
}

function notYours(): ControlReply {
  const message =
    'the whole log holds every account: only the account that runs this registry may take it'
  return { kind: 'refused', status: 403, code: 'DENIED', message }
}
