import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { megabytes, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import {
  importBundle,
  isBundlePath,
  renderBundleReport,
  type BundleFlags,
  type BundleReport,
} from './db-bundle.ts'

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

export interface ImportFlags extends BundleFlags {
  readonly source?: string
  readonly partial?: true
  readonly cveRecords?: true
  readonly allowRejected?: true
  readonly output: Format
}

export async function importFiles(paths: readonly string[], flags: ImportFlags): Promise<void> {
  const files = paths.flatMap((path) => (isBundlePath(path) ? [path] : filesOf(path)))
  if (files.length === 0)
    throw new Failure(
      exitCodes.usage,
      'nothing to import',
      'give .ndjson, .json, .csv or .tsv files, compressed or not',
    )
  const session = openSession(configOf({}))
  const reports: ImportReport[] = []
  const tables: CveFactReport[] = []
  const bundles: BundleReport[] = []
  for (const file of files) {
    if (isBundlePath(file)) bundles.push(await importBundle(session, file, flags))
    else if (flags.cveRecords === true || isTable.test(file))
      tables.push(await importTable(session, file, flags.confirmLoss === true))
    else reports.push(await importFile(session, file, flags))
  }
  say(
    render(flags.output, [...reports, ...tables, ...bundles], () =>
      renderAll(reports, tables, bundles),
    ),
  )
  noteRejections([
    ...reports.map(({ source: name, ...report }) => ({ name, ...report })),
    ...tables.map(({ kind: name, ...report }) => ({ name, withheld: 0, ...report })),
  ])
  const isWhole = [...reports, ...tables].every(({ rejected }) => rejected.count === 0)
  if (!isWhole && flags.allowRejected !== true) process.exitCode = exitCodes.error
}

function renderAll(
  reports: readonly ImportReport[],
  tables: readonly CveFactReport[],
  bundles: readonly BundleReport[],
): string {
  const records = reports.length > 0 ? [renderReports(reports)] : []
  return [...records, ...tables.map(renderTableReport), ...bundles.map(renderBundleReport)].join(
    '\n',
  )
}

function noteRejections(
  reports: readonly (Pick<ImportReport, 'rejected' | 'withheld'> & { readonly name: string })[],
): void {
  for (const { name, rejected, withheld } of reports) {
    for (const { line, reason } of rejected.first.slice(0, 20))
      note(`${name} line ${line}: rejected: ${reason}`)
    if (withheld > 0)
      note(
        `${name}: ${withheld} records absent from the file stay, since others of it could not be read`,
      )
  }
}

const wanted = /\.(?:ndjson|json|csv|tsv)(?:\.(?:zst|gz))?$/
const isTable = /\.(?:csv|tsv)(?:\.(?:zst|gz))?$/

/** What an import of a table about CVEs came to. */
export interface CveFactReport {
  readonly kind: 'epss' | 'kev' | 'cvss'
  readonly read: number
  readonly facts: number
  readonly rejected: ImportReport['rejected']
  readonly durationMs: number
}

export const tableNames = {
  epss: 'EPSS',
  kev: 'CISA KEV',
  cvss: 'CVSS',
} as const satisfies Record<CveFactReport['kind'], string>

function renderTableReport({ kind, facts, rejected, durationMs }: CveFactReport): string {
  return `${tableNames[kind]}: ${facts} CVEs, ${rejected.count} rejected, ${(durationMs / 1000).toFixed(1)} s`
}

async function importTable(
  session: Session,
  file: string,
  confirmLoss: boolean,
): Promise<CveFactReport> {
  const query = confirmLoss ? '?confirm-loss=true' : ''
  const response = await send(session, file, `/pratique/v1/cve-facts${query}`)
  return jsonOf<CveFactReport>(response)
}

function filesOf(path: string): readonly string[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new Failure(exitCodes.usage, `${path} does not exist`)
  if (!stats.isDirectory()) return [path]
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile())
  for (const { name } of names)
    if (!wanted.test(name)) note(`skipped ${join(path, name)}: not .ndjson, .json, .csv or .tsv`)
  return names
    .filter(({ name }) => wanted.test(name))
    .map(({ name }) => join(path, name))
    .toSorted()
}

async function importFile(
  session: Session,
  file: string,
  flags: ImportFlags,
): Promise<ImportReport> {
  const source = flags.source ?? basename(file).split('.', 1)[0] ?? ''
  const query = new URLSearchParams({ source, snapshot: String(flags.partial !== true) })
  if (flags.confirmLoss === true) query.set('confirm-loss', 'true')
  const confirmed = flags.partial === true ? undefined : await confirm(session, source, file)
  if (confirmed !== undefined) return confirmed
  const response = await send(session, file, `/pratique/v1/advisories?${query.toString()}`)
  return jsonOf<ImportReport>(response)
}

/** The server may have this very file; then it need not be sent and read again. */
async function confirm(
  session: Session,
  source: string,
  file: string,
): Promise<ImportReport | undefined> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), hash)
  const query = new URLSearchParams({ source, 'if-not-sha256': hash.digest('hex') })
  const path = `/pratique/v1/advisories?${query.toString()}`
  const answer = await jsonOf<ImportReport | { readonly kind: 'unknown' }>(
    await callServer(session, 'POST', path),
  )
  return 'read' in answer ? answer : undefined
}

async function send(session: Session, file: string, path: string): Promise<Response> {
  const { size } = statSync(file)
  note(`importing ${file} (${megabytes(size)})`)
  const stream = Readable.toWeb(
    createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(counter(size)),
  )
  const body = { stream, type: 'application/x-ndjson' }
  return callServer(session, 'POST', path, body)
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
