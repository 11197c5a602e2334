import { pagesOf } from '../../lib/pages.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { listCveFacts, listCveFactSources } from '../cve-fact-store.ts'
import { scanningError } from '../errors.ts'
import type { CveFactKind } from '../rules/cve-facts.ts'
import { listRecordHashes, listRecords } from './bundle-store.ts'
import { ContentHash, hashOfText, type KeyedHash } from '../rules/content-hash.ts'
import { factLine } from '../rules/cve-fact-lines.ts'

const pageHashes = 1000
const pageRecords = 200
const pageFacts = 1000

interface SourceState {
  readonly source: string
  readonly revision: number
}

type Options = { readonly signal: AbortSignal }

/** What each record of a source is at a revision, by key; a page of them is in memory. */
export async function* recordHashes(
  reader: SqlReader,
  state: SourceState,
  { signal }: Options,
): AsyncGenerator<KeyedHash> {
  const pages = pagesOf<KeyedHash>(pageHashes, (last) =>
    listRecordHashes(reader, { ...state, after: last?.key ?? '', limit: pageHashes }),
  )
  for await (const page of pages) {
    signal.throwIfAborted()
    yield* page
    await yieldToEventLoop()
  }
}

/** The same with the records themselves, normalised, as JSON. */
export async function* recordsOf(
  reader: SqlReader,
  state: SourceState,
  { signal }: Options,
): AsyncGenerator<KeyedHash & { readonly json: string }> {
  const pages = pagesOf<KeyedHash & { readonly json: string }>(pageRecords, (last) =>
    listRecords(reader, { ...state, after: last?.key ?? '', limit: pageRecords }),
  )
  for await (const page of pages) {
    signal.throwIfAborted()
    yield* page
    await yieldToEventLoop()
  }
}

/** The content of a source at a revision; undefined where it has no record. */
export async function contentOf(
  reader: SqlReader,
  state: SourceState,
  options: Options,
): Promise<{ readonly contentHash: string; readonly records: number } | undefined> {
  const content = new ContentHash()
  for await (const one of recordHashes(reader, state, options)) content.add(one)
  return content.count === 0 ? undefined : { contentHash: content.digest(), records: content.count }
}

/** What is known of CVEs as lines of a table, by CVE; refused when an import changes it meanwhile. */
export async function* factLines(
  reader: SqlReader,
  kind: CveFactKind,
  { signal }: Options,
): AsyncGenerator<{ readonly cve: string; readonly line: string }> {
  const before = await importedAt(reader, kind)
  const pages = pagesOf<{ readonly cve: string; readonly facts: unknown }>(pageFacts, (last) =>
    listCveFacts(reader, { kind, after: last?.cve ?? '', limit: pageFacts }),
  )
  for await (const page of pages) {
    signal.throwIfAborted()
    for (const { cve, facts } of page) {
      const line = factLine(kind, cve, facts)
      if (line !== undefined) yield { cve, line }
    }
    await yieldToEventLoop()
  }
  if ((await importedAt(reader, kind)) === before) return
  throw scanningError('ADVISORIES_BUSY', `the table ${kind} was imported anew while it was read`)
}

/** The content of the facts of a kind; undefined where there are none. */
export async function factContentOf(
  reader: SqlReader,
  kind: CveFactKind,
  options: Options,
): Promise<string | undefined> {
  const content = new ContentHash()
  for await (const { cve, line } of factLines(reader, kind, options))
    content.add({ key: cve, hash: hashOfText(line) })
  return content.count === 0 ? undefined : content.digest()
}

async function importedAt(reader: SqlReader, kind: CveFactKind): Promise<number | undefined> {
  const sources = await listCveFactSources(reader)
  return sources.find((source) => source.kind === kind)?.importedAt?.getTime()
}
