import { Readable } from 'node:stream'

/** The first bytes of a stream, at least so many where it has them, and the stream as if nobody had looked. */
export async function peek(
  stream: Readable,
  bytes: number,
): Promise<{ readonly head: Uint8Array; readonly body: Readable }> {
  const pieces: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  let length = 0
  while (length < bytes) {
    const next = await pieces.next()
    if (next.done === true) break
    seen.push(next.value)
    length += next.value.length
  }
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield* seen
    yield* { [Symbol.asyncIterator]: () => pieces }
  }
  return { head: Buffer.concat(seen), body: Readable.from(whole(), { objectMode: false }) }
}
