import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { exitCodes, Failure } from './failure.ts'

/** The body of an answer of our own server, whose shape its tests hold. */
export async function jsonOf<T>(response: Response): Promise<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's document
  return (await response.json()) as T
}

/** One document a line, as the server sends them; its failure is the last line. */
export async function* linesOf<T>(response: Response): AsyncGenerator<T> {
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    const parsed: unknown = JSON.parse(line)
    if (isFailure(parsed)) throw new Failure(exitCodes.error, parsed.message)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's document
    yield parsed as T
  }
}

function isFailure(value: unknown): value is { readonly message: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'failed' &&
    'message' in value &&
    typeof value.message === 'string'
  )
}
