import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { exitCodes, Failure } from '../failure.ts'
import { note, renderTable, say } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

/** What the server says of a part of a feed. */
export interface FeedPartStatus {
  readonly name: string
  readonly checkedAt?: string
  readonly failure?: {
    readonly kind: string
    readonly reason: string
    readonly since: string
    readonly count: number
  }
  readonly nextAttemptAt?: string
  readonly frozenAt?: string
}

/** A release that its feed has no more. */
export interface FrozenRelease {
  readonly source: string
  readonly ecosystem: string
  readonly frozenAt?: string
}

/** Only what is not as it should be: parts that fail, are held back, or are frozen; with what to do. */
export function renderFeeds(
  parts: readonly FeedPartStatus[],
  releases: readonly FrozenRelease[],
): string {
  const troubled = parts.filter(
    ({ failure, frozenAt }) => failure !== undefined || frozenAt !== undefined,
  )
  const rows = [
    ...troubled.map((part) => [
      part.name,
      part.failure?.kind ?? 'frozen',
      part.failure?.since ?? part.frozenAt ?? '',
      part.checkedAt ?? 'never',
      part.nextAttemptAt ?? '',
      whyOf(part),
    ]),
    ...releases.map(({ source, ecosystem, frozenAt = '' }) => [
      source,
      'frozen',
      frozenAt,
      frozenAt,
      '',
      `the feed has ${ecosystem} no more; its findings stay`,
    ]),
  ]
  if (rows.length === 0) return ''
  const header = ['FEED', 'STATE', 'SINCE', 'LAST GOOD', 'NEXT ATTEMPT', 'WHY']
  return `\n\nNot up to date; what was good last stays in force:\n${renderTable(header, rows)}`
}

function whyOf({ name, failure }: FeedPartStatus): string {
  if (failure === undefined) return 'the origin has it no more; its findings stay'
  const advice =
    failure.kind === 'held'
      ? `; if that is right: pratique db update --confirm-loss ${quoted(name)}`
      : ''
  return `${failure.reason}${advice}`
}

function quoted(name: string): string {
  return name.includes(' ') ? `"${name}"` : name
}

export async function updateFeeds(
  names: readonly string[],
  { confirmLoss = [] }: { readonly confirmLoss?: readonly string[] },
): Promise<void> {
  const confirmed = await runUpdate(confirmLoss, { isConfirmed: true })
  const isPlain = confirmLoss.length === 0 || names.length > 0
  const plain = isPlain ? await runUpdate(names, { isConfirmed: false }) : true
  if (!confirmed || !plain) process.exitCode = exitCodes.error
}

/** False when a part failed. */
async function runUpdate(
  names: readonly string[],
  { isConfirmed }: { readonly isConfirmed: boolean },
): Promise<boolean> {
  if (isConfirmed && names.length === 0) return true
  const query = new URLSearchParams()
  for (const name of names) query.append('feed', name)
  if (isConfirmed) query.set('confirm-loss', 'true')
  const path = `/pratique/v1/advisories/update?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  let isWell = true
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    isWell = tell(stepOf(line)) && isWell
  }
  return isWell
}

interface UpdateStep {
  readonly kind: string
  readonly source: string
  readonly fault: string
  readonly reason: string
  readonly counts: string
}

function tell({ kind, source, fault, reason, counts }: UpdateStep): boolean {
  switch (kind) {
    case 'progress':
      note(`${source}: asking`)
      return true
    case 'unchanged':
      say(`${source}: unchanged`)
      return true
    case 'frozen':
      say(`${source}: the origin has it no more; what it said last stays in force`)
      return true
    case 'imported':
    case 'facts':
      say(`${source}: ${counts}`)
      return true
    default:
      note(`${source}: ${fault}: ${reason}; the data there was stays in force`)
      if (fault === 'held')
        note(`  if that is right: pratique db update --confirm-loss ${quoted(source)}`)
      return false
  }
}

function stepOf(line: string): UpdateStep {
  const parsed: unknown = JSON.parse(line)
  const members = membersOf(parsed)
  const text = (name: string): string | undefined => {
    const value = members.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const result = membersOf(members.get('result'))
  const counted = ['added', 'changed', 'removed', 'facts', 'revision'].flatMap((name) => {
    const value = result.get(name)
    return typeof value === 'number' ? [`${name} ${value}`] : []
  })
  return {
    kind: text('kind') ?? 'failed',
    source: text('source') ?? 'update',
    fault: text('fault') ?? 'failed',
    reason: text('reason') ?? text('message') ?? 'unknown',
    counts: counted.join(', '),
  }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(Object.entries(value ?? {}))
}
