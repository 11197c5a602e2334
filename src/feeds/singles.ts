import { recordLimits } from '../storage/feeds/record-limits.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'
import { getText, type FeedOrigin } from './origin.ts'

/** Files of one record each, one after another; one that is gone meanwhile is passed over until the next whole. */
export async function* readSingles(
  origin: FeedOrigin,
  paths: readonly string[],
  options: { readonly signal: AbortSignal },
): AsyncGenerator<RecordText> {
  const maxBytes = recordLimits.maxRecordBytes
  for (const [index, path] of paths.entries()) {
    const answer = await getText(origin, path, { maxBytes }, options)
    if (answer.kind === 'text') yield { kind: 'text', line: index + 1, text: answer.text }
  }
}
