import { createReadStream, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable, Transform } from 'node:stream'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import {
  age,
  formatOption,
  megabytes,
  note,
  render,
  renderTable,
  say,
  type Format,
} from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'

export function dbCommand(program: Command): void {
  const db = program
    .command('db')
    .description('Vulnerability data: import it, see how old it is, refresh it.')
  db.command('import')
    .argument(
      '<path...>',
      'files or directories of OSV records (.ndjson, .json; .zst, .gz or plain)',
    )
    .description(
      'Import advisories; every record of a source that the file does not hold is ended.',
    )
    .option('--source <name>', 'name of the source; by default the file name up to its first dot')
    .option('--partial', 'the file is a part: what it does not hold stays in force')
    .option('--confirm-loss', 'import even if a large part of the source would end')
    .option('--allow-rejected', 'exit 0 although records were rejected')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db import debian.ndjson.zst\n\nExit codes: 0 imported, 1 failed or records were rejected, 4 not allowed.',
    )
    .action(importFiles)
  db.command('status')
    .description('Sources, revision and age of the data.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db status\n\nExit codes: 0 shown, 1 failed, 4 not allowed.',
    )
    .action(async ({ output }: { readonly output: Format }) => {
      const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/advisories')
      const status = await jsonOf<DataStatus>(response)
      say(render(output, status, () => renderStatus(status)))
    })
  db.command('update')
    .description('Fetch advisories from the public OSV archive.')
    .option('--ecosystem <name...>', 'npm, PyPI, Debian, Alpine … (default: these four)')
    .addHelpText(
      'after',
      '\nExample:\n  pratique db update --ecosystem npm PyPI\n\nExit codes: 0 updated, 1 a source failed, 4 not allowed.',
    )
    .action(updateData)
}

interface ImportReport {
  readonly source: string
  readonly read: number
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly removed: number
  /** Absent from the file but kept, because records of it could not be read. */
  readonly withheld: number
  readonly rejected: {
    readonly count: number
    readonly first: readonly { readonly line: number; readonly reason: string }[]
  }
  readonly revision: number
  readonly durationMs: number
}

export interface DataStatus {
  readonly revision: number
  readonly updatedAt?: string
  readonly stale: boolean
  readonly ageSeconds?: number
  readonly sources: readonly {
    readonly name: string
    readonly records: number
    readonly origin: string
    readonly importedAt: string
    readonly newestModified?: string
  }[]
}

async function importFiles(
  paths: readonly string[],
  flags: {
    readonly source?: string
    readonly partial?: true
    readonly confirmLoss?: true
    readonly allowRejected?: true
    readonly output: Format
  },
): Promise<void> {
  const files = paths.flatMap(filesOf)
  if (files.length === 0)
    throw new Failure(
      exitCodes.usage,
      'nothing to import',
      'give .ndjson or .json files, compressed or not',
    )
  const session = openSession(configOf({}))
  const reports: ImportReport[] = []
  for (const file of files) {
    const source = flags.source ?? basename(file).split('.', 1)[0] ?? ''
    const query = new URLSearchParams({ source, snapshot: String(flags.partial !== true) })
    if (flags.confirmLoss === true) query.set('confirm-loss', 'true')
    reports.push(await importFile(session, file, query))
  }
  say(render(flags.output, reports, () => renderReports(reports)))
  for (const { source, rejected, withheld } of reports) {
    for (const { line, reason } of rejected.first.slice(0, 20)) {
      note(`${source} line ${line}: rejected: ${reason}`)
    }
    if (withheld > 0)
      note(
        `${source}: ${withheld} records absent from the file stay, since others of it could not be read`,
      )
  }
  const isWhole = reports.every(({ rejected }) => rejected.count === 0)
  if (!isWhole && flags.allowRejected !== true) process.exitCode = exitCodes.error
}

const wanted = /\.(?:ndjson|json)(?:\.(?:zst|gz))?$/

function filesOf(path: string): readonly string[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new Failure(exitCodes.usage, `${path} does not exist`)
  if (!stats.isDirectory()) return [path]
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile())
  for (const { name } of names)
    if (!wanted.test(name)) note(`skipped ${join(path, name)}: not .ndjson or .json`)
  return names
    .filter(({ name }) => wanted.test(name))
    .map(({ name }) => join(path, name))
    .toSorted()
}

async function importFile(
  session: Session,
  file: string,
  query: URLSearchParams,
): Promise<ImportReport> {
  const { size } = statSync(file)
  note(`importing ${file} (${megabytes(size)})`)
  const stream = Readable.toWeb(
    createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(counter(size)),
  )
  const body = { stream, type: 'application/x-ndjson' }
  const response = await callServer(
    session,
    'POST',
    `/pratique/v1/advisories?${query.toString()}`,
    body,
  )
  return jsonOf<ImportReport>(response)
}

/** A line at every tenth of a large file. */
function counter(total: number): Transform {
  let passed = 0
  let told = 0
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      passed += piece.byteLength
      const tenth = Math.floor((passed / total) * 10)
      if (total > 5e6 && tenth > told) {
        told = tenth
        note(`  ${tenth}0 %`)
      }
      done(null, piece)
    },
  })
}

function renderReports(reports: readonly ImportReport[]): string {
  const header = [
    'SOURCE',
    'READ',
    'ADDED',
    'CHANGED',
    'UNCHANGED',
    'REMOVED',
    'REJECTED',
    'REVISION',
    'SECONDS',
  ]
  const rows = reports.map((report) => [
    report.source,
    ...[report.read, report.added, report.changed, report.unchanged, report.removed].map(String),
    String(report.rejected.count),
    String(report.revision),
    (report.durationMs / 1000).toFixed(1),
  ])
  return renderTable(header, rows)
}

function renderStatus(status: DataStatus): string {
  const since = status.ageSeconds === undefined ? 'never updated' : `${age(status.ageSeconds)} old`
  const staleness = status.stale
    ? ' (stale: refresh with `pratique db update` or `pratique db import`)'
    : ''
  const rows = status.sources.map((source) => [
    source.name,
    String(source.records),
    source.origin,
    source.importedAt,
    source.newestModified ?? 'unknown',
  ])
  const table = renderTable(['SOURCE', 'RECORDS', 'ORIGIN', 'IMPORTED', 'NEWEST RECORD'], rows)
  return `revision ${status.revision}, ${since}${staleness}\n${table}`
}

async function updateData(flags: { readonly ecosystem?: readonly string[] }): Promise<void> {
  const query = new URLSearchParams()
  for (const name of flags.ecosystem ?? []) query.append('ecosystem', name)
  const response = await callServer(
    openSession(configOf({})),
    'POST',
    `/pratique/v1/advisories/update?${query.toString()}`,
  )
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  let failed = false
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    const step = stepOf(line)
    const about = step.ecosystem
    if (step.kind === 'failed') {
      failed = true
      note(`${about}: failed: ${step.reason}; the data there was stays in force`)
    } else if (step.kind === 'progress') note(`${about}: fetching`)
    else say(`${about}: ${line}`)
  }
  if (failed) process.exitCode = exitCodes.error
}

interface UpdateStep {
  readonly kind: string
  readonly ecosystem: string
  readonly reason: string
}

function stepOf(line: string): UpdateStep {
  const parsed: unknown = JSON.parse(line)
  const members = new Map<string, unknown>(Object.entries(parsed ?? {}))
  const text = (name: string): string | undefined => {
    const value = members.get(name)
    return typeof value === 'string' ? value : undefined
  }
  return {
    kind: text('kind') ?? 'failed',
    ecosystem: text('ecosystem') ?? 'update',
    reason: text('reason') ?? text('message') ?? 'unknown',
  }
}
