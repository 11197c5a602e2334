// Purpose:  Red Hat's archive of all VEX documents as records.
// Spec:     security.access.redhat.com/data/csaf/v2/vex: archive_latest.txt names a tar of JSON documents, compressed with zstd.
// Input:    the archive's bytes; hostile.
// Deviates: documents that do not name the main stream of Red Hat Enterprise Linux are not parsed: most are about other products.
// Unknowns: a document above the limit or of another form is unreadable, with its name; a damaged archive is an ArchiveError.
import { decompress } from '../../lib/archive/decompress.ts'
import { TarWalker, type TarVisitor } from '../../lib/archive/tar-entries.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import { FeedError } from '../../storage/feeds/transport.ts'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import type { CutLimits } from '../json-cutter.ts'
import { recordText, unreadable } from '../osv-record.ts'
import { readVexDocument } from './csaf-vex.ts'

/** `line` is the number of the document within the archive. */
export async function* readVexArchive(
  source: AsyncIterable<Uint8Array>,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  const decoded = await decompress(source)
  if (decoded.kind !== 'bytes')
    throw new FeedError(
      'malformed',
      `the archive is ${decoded.format}, not a tar with zstd or gzip`,
    )
  const queue: RecordText[] = []
  const walker = new TarWalker(visitorOf(queue, limits.maxValueBytes))
  let size = 0
  for await (const chunk of decoded.chunks) {
    size += chunk.byteLength
    if (size > limits.maxTotalBytes)
      throw new FeedError('too-large', `the archive holds more than ${limits.maxTotalBytes} bytes`)
    walker.write(chunk)
    yield* queue.splice(0)
    await yieldToEventLoop()
  }
  if (!walker.end().hasEndMarker) throw new FeedError('malformed', 'the archive has no end')
}

const mainStream = Buffer.from('redhat:enterprise_linux:')
const deleted = Buffer.from('"deleted"')

function visitorOf(queue: RecordText[], maxBytes: number): TarVisitor {
  let documents = 0
  return {
    entry({ kind, path, sizeBytes, storedBytes }) {
      if (kind !== 'file' || !path.endsWith('.json')) return 'skip'
      documents += 1
      if (Math.max(sizeBytes, storedBytes) <= maxBytes) return 'read'
      queue.push(unreadable(documents, `${path.slice(-100)}: is longer than ${maxBytes} bytes`))
      return 'skip'
    },
    head: () => 'read',
    content({ path }, bytes) {
      if (!bytes.includes(mainStream) && !bytes.includes(deleted)) return
      const record = vexRecord(documents, path, bytes.toString('utf8'))
      if (record !== undefined) queue.push(record)
    },
    refused(name, reason) {
      queue.push(unreadable(documents, `${name.slice(-100)}: ${reason}`))
    },
  }
}

/** undefined for a document about other products. */
export function vexRecord(line: number, path: string, text: string): RecordText | undefined {
  const reading = readVexDocument(text)
  if (reading.kind === 'foreign') return undefined
  return reading.kind === 'record'
    ? recordText(line, reading.record)
    : unreadable(line, `${path.slice(-100)}: ${reading.reason}`)
}
