import type { ActReason } from '../../src/lifecycle/rules/evaluate-lifecycle.ts'
import { actText } from '../../src/lifecycle/rules/reason-text.ts'
import { renderTable } from '../output.ts'
import { shownSize } from '../size.ts'

/** As the server tells it. */
export interface History {
  readonly records: readonly {
    readonly id: number
    readonly digest: string
    readonly tags: readonly string[]
    readonly action: 'expire' | 'archive'
    readonly rule: number
    readonly reason: ActReason
    readonly bytes: number
    readonly at: string
    readonly undoUntil?: string
    readonly undoneAt?: string
  }[]
  readonly tagChanges: readonly {
    readonly from?: string
    readonly to?: string
    readonly principal: string
    readonly at: string
  }[]
  readonly runs: readonly {
    readonly id: number
    readonly askedBy: string
    readonly isOpen: boolean
    readonly ending?: string
    readonly expired: number
    readonly archived: number
    readonly startedAt: string
  }[]
  readonly next?: number
}

export function renderHistory({ records, tagChanges, runs, next }: History): string {
  const parts = [
    ...(records.length === 0 ? ['no lifecycle policy did anything to it'] : [recordTable(records)]),
    ...(next === undefined ? [] : [`older ones: --before ${next}`]),
    ...(tagChanges.length === 0 ? [] : [changeTable(tagChanges)]),
    ...(runs.length === 0 ? [] : [runTable(runs)]),
  ]
  return parts.join('\n\n')
}

function recordTable(records: History['records']): string {
  const rows = records.map(({ at, action, tags, digest, rule, bytes, reason, ...undo }) => [
    momentText(at),
    action === 'expire' ? 'deleted' : 'archived',
    tags.length === 0 ? '(no tag)' : tags.join(' '),
    digest.slice(0, 19),
    shownSize(bytes),
    `rule ${rule}: ${actText(reason, Date.parse(at))}${undoText(undo)}`,
  ])
  return renderTable(['AT', 'WAS', 'TAGS', 'DIGEST', 'SIZE', 'WHY'], rows)
}

function undoText({
  undoUntil,
  undoneAt,
}: Pick<History['records'][number], 'undoUntil' | 'undoneAt'>): string {
  if (undoneAt !== undefined) return `; undone ${momentText(undoneAt)}`
  return undoUntil === undefined ? '' : `; can be undone until ${momentText(undoUntil)}`
}

function changeTable(changes: History['tagChanges']): string {
  const rows = changes.map(({ at, from, to, principal }) => [
    momentText(at),
    from?.slice(0, 19) ?? '-',
    to?.slice(0, 19) ?? 'deleted',
    principal,
  ])
  return renderTable(['TAG MOVED AT', 'FROM', 'TO', 'BY'], rows)
}

function runTable(runs: History['runs']): string {
  const rows = runs.map(({ startedAt, askedBy, expired, archived, isOpen, ending }) => [
    momentText(startedAt),
    askedBy,
    String(expired),
    String(archived),
    isOpen ? 'on its way' : (ending ?? ''),
  ])
  return renderTable(['RUN', 'ASKED BY', 'DELETED', 'ARCHIVED', 'STATE'], rows)
}

function momentText(moment: string): string {
  return moment.slice(0, 16).replace('T', ' ')
}
