import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { age, formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { importFiles, tableNames, type CveFactReport } from './db-import.ts'

export function dbCommand(program: Command): void {
  const db = program
    .command('db')
    .description('Vulnerability data: import it, see how old it is, refresh it.')
  db.command('import')
    .argument(
      '<path...>',
      'files or directories of OSV records (.ndjson, .json), EPSS or KEV tables (.csv, .tsv); .zst, .gz or plain',
    )
    .description(
      'Import advisories; every record of a source that the file does not hold is ended. Tables replace those of their kind.',
    )
    .option('--cve-records', 'the files hold CVE records: take their scores')
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
    .option(
      '--ecosystem <name...>',
      'names of the OSV archive: Debian, Ubuntu, Red Hat, npm, Maven, Go … (default: fifteen of them, without the largest)',
    )
    .addHelpText(
      'after',
      '\nExample:\n  pratique db update --ecosystem npm PyPI\n\nExit codes: 0 updated, 1 a source failed, 4 not allowed.',
    )
    .action(updateData)
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
  readonly cveFacts: readonly {
    readonly kind: CveFactReport['kind']
    readonly facts: number
    readonly asOf?: string
    readonly importedAt?: string
  }[]
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
  const facts = status.cveFacts.map(
    ({ kind, facts: count, asOf, importedAt }) =>
      `\n${tableNames[kind]}: ${count} CVEs, imported ${importedAt ?? 'never'}${asOf === undefined ? '' : `, of ${asOf.slice(0, 10)}`}`,
  )
  return `revision ${status.revision}, ${since}${staleness}\n${table}${facts.join('')}`
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
