import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { readAll } from '../../lib/read-all.ts'
import { FeedError } from './transport.ts'
import type { RecordText } from './record-text.ts'

export interface ZipLimits {
  readonly maxEntries: number
  readonly maxRecordBytes: number
  readonly maxTotalBytes: number
}

/** A record, and the name of its entry. */
export type ZipRecord = RecordText & { readonly name: string }

/**
 * The entries of an archive that are wanted by name (those that end in `.json`), one record each, in the order of its
 * directory; `line` counts entries from 1. One entry is in memory at a time; entries that cannot be read are given as
 * unreadable.
 */
export async function* readZipRecords(
  path: string,
  limits: ZipLimits,
  isWanted: (name: string) => boolean = (name) => name.endsWith('.json'),
): AsyncGenerator<ZipRecord> {
  const archive = await openArchive(path, limits)
  let line = 0
  let total = 0
  try {
    for await (const entry of archive.eachEntry()) {
      line += 1
      if (!isWanted(entry.fileName)) continue
      // Sizes in the directory are claims; yauzl holds the content against them.
      total += Math.min(entry.uncompressedSize, limits.maxRecordBytes)
      if (total > limits.maxTotalBytes) {
        throw new FeedError(
          'too-large',
          `the archive holds more than ${limits.maxTotalBytes} bytes`,
        )
      }
      const record = await readRecord(archive, entry, { line, limits })
      yield { ...record, name: entry.fileName }
    }
  } catch (error) {
    throw asMalformed(error)
  } finally {
    archive.close()
  }
}

async function openArchive(path: string, limits: ZipLimits): Promise<ZipFile> {
  const archive = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(
    (error: unknown) => {
      throw asMalformed(error)
    },
  )
  if (archive.entryCount <= limits.maxEntries) return archive
  archive.close()
  throw new FeedError('too-large', `the archive has more than ${limits.maxEntries} entries`)
}

async function readRecord(
  archive: ZipFile,
  entry: Entry,
  { line, limits }: { readonly line: number; readonly limits: ZipLimits },
): Promise<RecordText> {
  if (entry.uncompressedSize > limits.maxRecordBytes) {
    return { kind: 'unreadable', line, reason: `longer than ${limits.maxRecordBytes} bytes` }
  }
  try {
    const stream = await archive.openReadStreamPromise(entry)
    const bytes = await readAll(stream, limits.maxRecordBytes)
    if (bytes !== undefined) return { kind: 'text', line, text: bytes.toString('utf8') }
    return { kind: 'unreadable', line, reason: `longer than ${limits.maxRecordBytes} bytes` }
  } catch (error) {
    return { kind: 'unreadable', line, reason: `damaged entry: ${messageOf(error)}` }
  }
}

function asMalformed(error: unknown): unknown {
  if (error instanceof FeedError || !(error instanceof Error)) return error
  return new FeedError('malformed', `not a readable zip archive: ${error.message}`, {
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}
