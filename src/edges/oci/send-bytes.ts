// Stored bytes on their way to a socket, through two buffers: one is filled while the other is sent.
import type { ServerResponse } from 'node:http'
import { quietly, type BufferPool } from '../../lib/buffer-pool.ts'
import type { ByteSpan } from '../../oci/range.ts'
import type { OpenBytes } from '../../storage/blobs/blob-store.ts'

/** What a body is made of: stored bytes, and what stands between them in an answer of several ranges. */
export type Segment = ByteSpan | Buffer

/**
 * Writes the segments and ends the response; the next piece is read while one is sent. A client that goes stops it.
 * Rejects, with the connection cut so that the client sees an end too soon, when the stored bytes are fewer than said.
 */
export async function sendBytes(
  buffers: BufferPool,
  stored: OpenBytes,
  segments: readonly Segment[],
  response: ServerResponse,
): Promise<void> {
  try {
    for (const segment of segments) {
      if (Buffer.isBuffer(segment)) await written(response, segment)
      else await sendSpan(buffers, stored, segment, response)
    }
    response.end()
  } catch (error) {
    response.destroy()
    if (!(error instanceof ClientGone)) throw error
  } finally {
    await stored.close()
  }
}

/** Not a fault: clients stop reading when they have what they want. */
class ClientGone extends Error {}

async function sendSpan(
  buffers: BufferPool,
  stored: OpenBytes,
  { start, end }: ByteSpan,
  response: ServerResponse,
): Promise<void> {
  const length = end - start + 1
  let current = buffers.take(length)
  let other = length > current.byteLength ? buffers.take(length) : current
  const lent = new Set([current, other])
  let reading = readFrom(stored, current, start, end)
  let sending: Promise<void> = Promise.resolve()
  try {
    for (let position = start; ;) {
      const piece = await reading
      // The other buffer is free again when what it held is in the socket.
      await sending
      position += piece.byteLength
      sending = quietly(written(response, piece))
      if (position > end) break
      if (other === current) await sending
      ;[current, other] = [other, current]
      reading = quietly(readFrom(stored, current, position, end))
    }
    await sending
  } finally {
    // Neither may still use a buffer that is given back.
    await Promise.allSettled([sending, reading])
    for (const buffer of lent) buffers.give(buffer)
  }
}

async function readFrom(
  stored: OpenBytes,
  into: Buffer,
  position: number,
  end: number,
): Promise<Buffer> {
  const wanted = Math.min(into.byteLength, end - position + 1)
  const bytes = await stored.read(into.subarray(0, wanted), position)
  if (bytes === 0) throw new Error(`stored bytes end at ${position}, before ${end + 1}`)
  return into.subarray(0, bytes)
}

/** Resolves when the socket has taken the piece. */
async function written(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) {
      reject(new ClientGone())
      return
    }
    const gone = (): void => reject(new ClientGone())
    response.once('close', gone)
    response.write(piece, (error) => {
      response.off('close', gone)
      if (error === null || error === undefined) resolve()
      else gone()
    })
  })
}
