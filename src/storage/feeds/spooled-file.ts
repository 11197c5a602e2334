import { createReadStream } from 'node:fs'
import { readAll } from '../../lib/read-all.ts'
import { FeedError } from './transport.ts'

const pieceBytes = 256 * 1024

/** The bytes of a file that was fetched, in order. */
export function openSpooledFile(path: string): AsyncIterable<Uint8Array> {
  return bytesOf(path)
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<unknown> = createReadStream(path, { highWaterMark: pieceBytes })
  for await (const piece of stream) if (piece instanceof Uint8Array) yield piece
}

/** A small file as text. */
export async function readSpooledText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readAll(bytesOf(path), maxBytes)
  if (bytes === undefined)
    throw new FeedError('too-large', `the file is larger than ${maxBytes} bytes`)
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}
