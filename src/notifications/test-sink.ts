import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import { requireSink } from './manage-sinks.ts'
import { sendNotice, type SendDeps, type SendResult } from './send-notice.ts'

/** Sends one message just now, whatever the sink's rule and state, and says what became of it. SINK_UNKNOWN. */
export async function testSink(
  deps: SendDeps & { readonly ids: Ids; readonly region: string },
  named: { readonly account: AccountId; readonly name: string },
  options: { readonly signal: AbortSignal },
): Promise<SendResult & { readonly id: string }> {
  const { database, clock, ids, region } = deps
  const sink = await requireSink(database, named)
  const notice = {
    id: ids.uuid(),
    account: named.account,
    region,
    at: clock.now().toISOString(),
    body: { kind: 'test', sink: sink.name },
  } as const
  return { id: notice.id, ...(await sendNotice(deps, { sink, notice, attempt: 1 }, options)) }
}
