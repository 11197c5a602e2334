import type { Command } from 'commander'
import { parseDuration } from '../../src/lib/duration.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { shownSize } from '../size.ts'

interface Run {
  readonly isOpen: boolean
  readonly askedBy: string
  readonly phase: string
  readonly counts: {
    readonly uploads: number
    readonly manifests: number
    readonly links: number
    readonly retiredBlobs: number
    readonly retiredBytes: number
    readonly orphansSeen: number
    readonly orphansQueued: number
    readonly removedKeys: number
    readonly removedBytes: number
    readonly failed: number
  }
  readonly startedAt: string
  readonly endedAt?: string
}

interface Plan {
  readonly manifests: number
  readonly links: number
  readonly blobs: number
  readonly bytes: number
}

interface Flags {
  readonly dryRun?: true
  readonly status?: true
  readonly untaggedOlderThan?: string
  readonly output: Format
}

export function gcCommand(program: Command): void {
  program
    .command('gc')
    .description(
      'Remove what nothing needs, beside pushes and pulls: blobs without a manifest, idle uploads, deleted bytes.',
    )
    .option('--dry-run', 'say what would go, and change nothing')
    .option('--status', 'show the last runs')
    .option(
      '--untagged-older-than <duration>',
      'also manifests that no tag, index or subject keeps, pushed before: 90s, 48h, 30d',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique gc --dry-run --untagged-older-than 30d\n\nThe server does the same by itself every hour. A blob is let go of when no manifest has needed it for a day\n(PRATIQUE_GC_GRACE_HOURS); its bytes go an hour later, so that readers can end.\n\nExit codes: 0 done, 1 something could not be removed, 2 nonsense, 4 not allowed.',
    )
    .action(collect)
}

async function collect(flags: Flags): Promise<void> {
  if (flags.status === true) return showRuns(flags.output)
  const query = new URLSearchParams()
  if (flags.untaggedOlderThan !== undefined) {
    query.set('untagged-older-than', String(secondsOf(flags.untaggedOlderThan)))
  }
  return flags.dryRun === true ? showPlan(query, flags.output) : runToEnd(query, flags.output)
}

function secondsOf(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return Math.floor(milliseconds / 1000)
  const message = `${JSON.stringify(text)} is not a duration`
  throw new Failure(exitCodes.usage, message, 'write it as 90s, 5m, 48h or 30d')
}

async function showPlan(query: URLSearchParams, output: Format): Promise<void> {
  const path = `/pratique/v1/collections/plan?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  let plan: Plan = { manifests: 0, links: 0, blobs: 0, bytes: 0 }
  for await (const line of linesOf<Plan>(response)) plan = line
  say(render(output, plan, () => renderPlan(plan)))
}

function renderPlan({ manifests, links, blobs, bytes }: Plan): string {
  const lines = [
    `${blobs} blobs would go from their last repository, ${shownSize(bytes)}`,
    `${links} blobs would leave a repository in which no manifest needs them`,
  ]
  if (manifests === 0) return lines.join('\n')
  return [
    `${manifests} manifests would go, and later the blobs that only they need`,
    ...lines,
  ].join('\n')
}

async function runToEnd(query: URLSearchParams, output: Format): Promise<void> {
  const path = `/pratique/v1/collections?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  let last: Run | undefined
  for await (const run of linesOf<Run>(response)) {
    if (last === undefined && run.askedBy === 'schedule') note('joining the run that is under way')
    if (run.isOpen && run.phase !== last?.phase) note(`collecting: ${run.phase}`)
    last = run
  }
  if (last === undefined) throw new Failure(exitCodes.error, 'the server sent no answer')
  const run = last
  say(render(output, run, () => renderRun(run)))
  if (run.counts.failed > 0) process.exitCode = exitCodes.error
}

function renderRun({ counts }: Run): string {
  const lines = [
    `freed ${shownSize(counts.removedBytes)} in ${counts.removedKeys} stored blobs and uploads`,
    `let go of ${counts.retiredBlobs} blobs, ${shownSize(counts.retiredBytes)}, which are freed in an hour`,
    `took ${counts.links} blobs out of a repository, ended ${counts.uploads} uploads, removed ${counts.manifests} manifests`,
  ]
  if (counts.orphansSeen + counts.orphansQueued > 0) {
    lines.push(
      `found ${counts.orphansSeen} stored keys that nothing names for the first time, and removed ${counts.orphansQueued} found before`,
    )
  }
  if (counts.failed === 0) return lines.join('\n')
  return [...lines, `${counts.failed} could not be removed and are tried again; see the disk`].join(
    '\n',
  )
}

async function showRuns(output: Format): Promise<void> {
  const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/collections')
  const runs = await jsonOf<readonly Run[]>(response)
  say(render(output, runs, () => renderRuns(runs)))
}

function renderRuns(runs: readonly Run[]): string {
  const rows = runs.map(({ startedAt, endedAt, askedBy, phase, isOpen, counts }) => [
    startedAt,
    isOpen ? `under way: ${phase}` : (endedAt ?? ''),
    askedBy,
    shownSize(counts.removedBytes),
    String(counts.retiredBlobs),
    String(counts.manifests),
    String(counts.failed),
  ])
  const header = ['STARTED', 'ENDED', 'ASKED BY', 'FREED', 'LET GO', 'MANIFESTS', 'FAILED']
  return renderTable(header, rows)
}
