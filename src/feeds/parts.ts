// What most feeds are: one file for each part, which is there anew or unchanged.
import type { RecordText } from '../storage/feeds/record-text.ts'
import type { FeedRequest, SpooledFile } from '../storage/feeds/transport.ts'
import type { PartAnswer, PartState } from './feed.ts'
import type { FeedOrigin } from './origin.ts'

export interface WholeFile {
  readonly path: string
  /** As the last answer had it. */
  readonly cursor: string | undefined
  readonly holds?: PartState['holds']
  readonly request?: Omit<FeedRequest, 'validator'>
  /** The records of the file, cut and in their form. */
  readonly records: (path: string) => AsyncIterable<RecordText>
}

/** A part whose whole state is one file. */
export async function readWholeFile(
  origin: FeedOrigin,
  file: WholeFile,
  options: { readonly signal: AbortSignal },
): Promise<PartAnswer> {
  const answer = await origin.get(file.path, { ...file.request, validator: file.cursor }, options)
  if (answer.kind !== 'fetched') return answer
  return wholeState(answer, file)
}

/** The state that a fetched file is. */
export function wholeState(
  answer: SpooledFile,
  { records, holds = 'advisories' }: Pick<WholeFile, 'records' | 'holds'>,
): PartState {
  return {
    kind: 'state',
    holds,
    isWhole: true,
    records: records(answer.path),
    cursor: answer.validator,
    release: () => answer.release(),
  }
}

/** Every record with another text, or with the reason why it has none. */
export async function* convertRecords<R extends RecordText>(
  records: AsyncIterable<R>,
  convert: (record: R & { readonly kind: 'text' }) => string | { readonly refused: string },
): AsyncGenerator<RecordText> {
  for await (const record of records) {
    if (!isText(record)) {
      yield record
      continue
    }
    const converted = convert(record)
    yield typeof converted === 'string'
      ? { kind: 'text', line: record.line, text: converted }
      : { kind: 'unreadable', line: record.line, reason: converted.refused }
  }
}

function isText<R extends RecordText>(record: R): record is R & { readonly kind: 'text' } {
  return record.kind === 'text'
}
