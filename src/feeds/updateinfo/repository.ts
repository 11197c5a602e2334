import { FeedError } from '../../storage/feeds/transport.ts'
import { openDecodedFile } from '../decoded-file.ts'
import type { PartAnswer, PartOptions } from '../feed.ts'
import { fileLimits } from '../limits.ts'
import { getText, type FeedOrigin } from '../origin.ts'
import { wholeState } from '../parts.ts'
import { readRepomd } from './repomd.ts'
import { readUpdateinfo, type UpdateinfoKind } from './updateinfo.ts'

const maxIndexBytes = 16 * 1024 ** 2

export interface Repository {
  /** Its path below the feed's home. */
  readonly base: string
  /** As the last answer had it. */
  readonly cursor: string | undefined
  readonly kind: UpdateinfoKind
}

/** The errata of an rpm repository, by its index; 'absent' where it has none. */
export async function readErrata(
  origin: FeedOrigin,
  { base, cursor, kind }: Repository,
  options: PartOptions,
): Promise<PartAnswer> {
  const indexPath = `${base}/repodata/repomd.xml`
  const index = await getText(origin, indexPath, { maxBytes: maxIndexBytes }, options)
  if (index.kind !== 'text') return { kind: 'absent' }
  const found = readRepomd(Buffer.from(index.text))
  if (found.kind === 'none') return { kind: 'absent' }
  if (found.kind === 'refused') throw new FeedError('malformed', `repomd.xml ${found.reason}`)
  const { path, checksum } = found
  // What the index says of the file names its state: it need not be asked for.
  const state = `${path} ${checksum?.hex ?? index.validator}`
  if (state === cursor) return { kind: 'unchanged' }
  const request = checksum === undefined ? {} : { checksum }
  const answer = await origin.get(`${base}/${path}`, request, options)
  if (answer.kind !== 'fetched') throw new FeedError('refused', `the origin has no ${base}/${path}`)
  const records = (file: string): ReturnType<typeof readUpdateinfo> =>
    readUpdateinfo(openDecodedFile(file), kind, fileLimits)
  return { ...wholeState(answer, { records }), cursor: state }
}
