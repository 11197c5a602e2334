import { FeedError } from './transport.ts'

/** The same bytes; FeedError `too-large` where there are more than `maxBytes` of them. */
export async function* capped(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > maxBytes)
      throw new FeedError('too-large', `the file holds more than ${maxBytes} bytes`)
    yield chunk
  }
}
