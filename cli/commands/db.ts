import type { Command } from 'commander'
import { jsonOf } from '../json.ts'
import { age, formatOption, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { addDataCommands } from './db-commands.ts'
import { importFiles, tableNames, type CveFactReport } from './db-import.ts'
import { renderFeeds, updateFeeds, type FeedPartStatus, type FrozenRelease } from './db-feeds.ts'

export function dbCommand(program: Command): void {
  const db = program
    .command('db')
    .description('Vulnerability data: import it, see how old it is, refresh it.')
  db.command('import')
    .argument(
      '<path...>',
      'a bundle (file or oci://HOST/REPOSITORY:TAG), or files or directories of OSV records (.ndjson, .json), EPSS or KEV tables (.csv, .tsv); .zst, .gz or plain',
    )
    .description(
      'Import advisories; every record of a source that the file does not hold is ended. Tables replace those of their kind.',
    )
    .option('--cve-records', 'the files hold CVE records: take their scores')
    .option('--source <name>', 'name of the source; by default the file name up to its first dot')
    .option('--partial', 'the file is a part: what it does not hold stays in force')
    .option('--confirm-loss', 'import even if a large part of the source would end')
    .option('--allow-rejected', 'exit 0 although records were rejected')
    .option('--allow-unsigned', 'take a bundle that nobody vouches for')
    .option('--allow-older', 'go back to a bundle that is older than what is in force')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db import debian.ndjson.zst\n  pratique db import advisories.tar\n\nExit codes: 0 imported, 1 failed or records were rejected, 4 not allowed.',
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
    .argument('[feed...]', 'feeds or parts of them, such as alpine, osv/npm or kev')
    .description(
      'Fetch the newest state of feeds; without a name, of those that the settings name.',
    )
    .option('--confirm-loss <name...>', 'take a state that was held back, of these feeds or parts')
    .addHelpText(
      'after',
      '\nExample:\n  pratique db update osv/npm kev\n\nExit codes: 0 updated, 1 a feed failed, 4 not allowed.',
    )
    .action(updateFeeds)
  db.command('remove')
    .argument('<source>', 'as pratique db status lists it, such as osv/npm')
    .description(
      'End everything that a source says, such as one whose feed the settings name no more.',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db remove osv/npm\n\nWhat was known at an earlier revision stays.\n\nExit codes: 0 removed, 1 failed or the settings name the feed, 4 not allowed, 5 no such source.',
    )
    .action(async (source: string, { output }: { readonly output: Format }) => {
      const path = `/pratique/v1/advisories?${new URLSearchParams({ source }).toString()}`
      const response = await callServer(openSession(configOf({})), 'DELETE', path)
      const removal = await jsonOf<SourceRemoval>(response)
      say(
        render(
          output,
          removal,
          () => `${source}: ${removal.removed} records removed, revision ${removal.revision}`,
        ),
      )
    })
  addDataCommands(db)
}

interface SourceRemoval {
  readonly removed: number
  readonly revision: number
}

export interface DataStatus {
  readonly keptFromRevision: number
  readonly bundle?: {
    readonly bundleId: string
    readonly madeAt: string
    readonly importedAt: string
    readonly fingerprint?: string
  }
  readonly revision: number
  readonly updatedAt?: string
  readonly stale: boolean
  readonly ageSeconds?: number
  readonly sources: readonly {
    readonly name: string
    readonly records: number
    readonly origin: string
    readonly importedAt: string
    readonly asOf?: string
    readonly ageSeconds?: number
    readonly failure?: string
    readonly newestModified?: string
  }[]
  readonly feeds?: readonly FeedPartStatus[]
  readonly frozenReleases?: readonly FrozenRelease[]
  readonly cveFacts: readonly {
    readonly kind: CveFactReport['kind']
    readonly facts: number
    readonly asOf?: string
    readonly importedAt?: string
    readonly ageSeconds?: number
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
    source.ageSeconds === undefined ? 'unknown' : age(source.ageSeconds),
    source.newestModified ?? 'unknown',
  ])
  const table = renderTable(
    ['SOURCE', 'RECORDS', 'ORIGIN', 'IMPORTED', 'AGE', 'NEWEST RECORD'],
    rows,
  )
  const facts = status.cveFacts.map(
    ({ kind, facts: count, asOf, importedAt, ageSeconds }) =>
      `\n${tableNames[kind]}: ${count} CVEs, imported ${importedAt ?? 'never'}${asOf === undefined ? '' : `, of ${asOf.slice(0, 10)}`}${ageSeconds === undefined ? '' : `, ${age(ageSeconds)} old`}`,
  )
  return `revision ${status.revision}, ${since}${staleness}\n${table}${facts.join('')}${renderBundle(status)}${renderFeeds(status.feeds ?? [], status.frozenReleases ?? [])}`
}

function renderBundle({ bundle }: DataStatus): string {
  if (bundle === undefined) return ''
  const vouched = bundle.fingerprint === undefined ? 'UNSIGNED' : `signed by ${bundle.fingerprint}`
  return `\nbundle ${bundle.bundleId}, made ${bundle.madeAt}, imported ${bundle.importedAt}, ${vouched}`
}
