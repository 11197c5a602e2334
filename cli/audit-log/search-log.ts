import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { timeQuery } from './time-query.ts'

interface Flags {
  readonly principal?: string
  readonly action?: string
  readonly resource?: string
  readonly accessKeyId?: string
  readonly from?: string
  readonly to?: string
  readonly denied?: true
  readonly limit: string
  readonly output: Format
}

interface Event {
  readonly eventTime: string
  readonly eventName: string
  readonly sourceIPAddress?: string
  readonly userIdentity: {
    readonly type: string
    readonly arn?: string
    readonly accessKeyId?: string
  }
  readonly resources?: readonly { readonly ARN: string }[]
  readonly errorCode?: string
  readonly pratique: { readonly decision: string }
}

interface Page {
  readonly events: readonly Event[]
  readonly next?: string
}

const pageSize = 500

export async function search(flags: Flags): Promise<void> {
  const limit = /^[1-9][0-9]{0,5}$/.test(flags.limit) ? Number(flags.limit) : undefined
  if (limit === undefined) {
    throw new Failure(exitCodes.usage, `${JSON.stringify(flags.limit)} is not a number of events`)
  }
  const events: Event[] = []
  for await (const event of found(queryOf(flags), limit)) events.push(event)
  say(render(flags.output, events, () => renderEvents(events)))
}

function queryOf(flags: Flags): URLSearchParams {
  const query = timeQuery(flags)
  const texts = {
    principal: flags.principal,
    action: flags.action,
    resource: flags.resource,
    'access-key-id': flags.accessKeyId,
  }
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) query.set(name, text)
  if (flags.denied === true) query.set('denied', 'true')
  return query
}

/** Pages may be empty where the log is long and little of it is looked for. */
async function* found(query: URLSearchParams, limit: number): AsyncGenerator<Event> {
  const session = openSession(configOf({}))
  let left = limit
  for (let next: string | undefined = ''; next !== undefined && left > 0;) {
    query.set('limit', String(Math.min(left, pageSize)))
    if (next !== '') query.set('next', next)
    const path = `/pratique/v1/audit-log/events?${query.toString()}`
    const page: Page = await jsonOf<Page>(await callServer(session, 'GET', path))
    yield* page.events
    left -= page.events.length
    next = page.next
  }
}

function renderEvents(events: readonly Event[]): string {
  const rows = events.map((event) => {
    const { arn, accessKeyId, type } = event.userIdentity
    return [
      event.eventTime,
      event.pratique.decision,
      event.eventName,
      arn ?? accessKeyId ?? type,
      event.sourceIPAddress ?? '',
      event.errorCode ?? '',
      (event.resources ?? []).map(({ ARN }) => ARN).join(' '),
    ]
  })
  return renderTable(['TIME', 'DECISION', 'EVENT', 'PRINCIPAL', 'FROM', 'ERROR', 'RESOURCE'], rows)
}
