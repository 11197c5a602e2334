// Purpose:  the bytes of a feed's file as they were before it was compressed, whatever its name says.
// Spec:     magic numbers of RFC 1952 (gzip), RFC 8878 (zstd), bzip2 and xz.
// Input:    a file that was fetched; hostile.
// Deviates: no xz, which Node has no decoder for: it is refused by its name.
// Unknowns: other magic is no compression; damage inside ends in an ArchiveError while it is read.
import { decodeBzip2 } from '../lib/archive/bzip2.ts'
import { decompress } from '../lib/archive/decompress.ts'
import { openSpooledFile } from '../storage/feeds/spooled-file.ts'
import { FeedError } from '../storage/feeds/transport.ts'

const magics: readonly {
  readonly format: 'gzip' | 'zstd' | 'bzip2' | 'xz'
  readonly hex: string
}[] = [
  { format: 'gzip', hex: '1f8b' },
  { format: 'zstd', hex: '28b52ffd' },
  { format: 'bzip2', hex: '425a68' },
  { format: 'xz', hex: 'fd377a58' },
]

/** Decodes while it is read. */
export async function* openDecodedFile(path: string): AsyncGenerator<Uint8Array> {
  const format = await formatOf(path)
  const bytes = openSpooledFile(path)
  if (format === undefined) yield* bytes
  else if (format === 'bzip2') yield* decodeBzip2(bytes)
  else if (format === 'xz') throw new FeedError('malformed', 'the file is xz, which is not read')
  else {
    const decoded = await decompress(bytes)
    if (decoded.kind !== 'bytes') throw new FeedError('malformed', `the file is ${decoded.format}`)
    yield* decoded.chunks
  }
}

async function formatOf(path: string): Promise<(typeof magics)[number]['format'] | undefined> {
  for await (const piece of openSpooledFile(path)) {
    const start = Buffer.from(piece.subarray(0, 4)).toString('hex')
    return magics.find(({ hex }) => start.startsWith(hex))?.format
  }
  return undefined
}
