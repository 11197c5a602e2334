// Registry rules that were put, told as the repositories that they make a difference to: a page of repositories at a time.
import type { OutboxEvent } from '../jobs/outbox.ts'
import { judgeScanning } from '../scanning/rules/scanning-rules.ts'
import { listScannedRepositories } from './account-content-store.ts'
import { sinksOf, type PlanDeps, type PlannedPart } from './planned-part.ts'
import { noticeIdOf } from './rules/notice-id.ts'
import { configurationsOf } from './rules/told-change.ts'
import { wants } from './rules/sink-rule.ts'
import type { Sink } from './sink-store.ts'

/** As many as one event of AWS names. */
const pageRepositories = 100

export async function expandFrequency(
  { database, region }: PlanDeps,
  {
    event,
    position: after = '',
    sinks,
  }: {
    readonly event: OutboxEvent
    /** The last repository of the page before. */
    readonly position: string | undefined
    readonly sinks: readonly Sink[]
  },
): Promise<PlannedPart> {
  const told = configurationsOf(event.detail)
  const concerned = sinksOf(event, sinks).filter(({ rule }) =>
    rule.kinds.includes('scan-frequency'),
  )
  const done = { eventId: event.id, position: undefined }
  if (told === undefined || concerned.length === 0)
    return { next: done, write: () => Promise.resolve() }
  const page = { after, limit: pageRepositories }
  const found = await listScannedRepositories(database, event.account, page)
  const frequencyOf = (put: typeof told.previous, repository: (typeof found)[number]): string =>
    judgeScanning({ put, defaults: 'aws' }, repository).frequency
  const repositories = found
    .map((repository) => ({
      name: repository.name,
      frequency: frequencyOf(told.configuration, repository),
      previous: frequencyOf(told.previous, repository),
    }))
    .filter(({ frequency, previous }) => frequency !== previous)
  const last = found.length < pageRepositories ? undefined : found.at(-1)
  return {
    next: last === undefined ? done : { eventId: event.id - 1, position: last.name },
    async write(_tx, writer) {
      if (repositories.length === 0) return
      const { scanType } = told.configuration
      const body = { kind: 'scan-frequency', scanType, repositories } as const
      const id = noticeIdOf([event.account, event.id, after])
      const at = event.at.toISOString()
      for (const sink of concerned) {
        if (wants(sink.rule, body))
          await writer.tell(sink, { id, account: event.account, region, at, body })
      }
    },
  }
}
