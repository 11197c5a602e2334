// What pushing and pulling an artifact have in common: requests, and small documents as answers.
import { exitCodes, explain, Failure } from './failure.ts'

const maxSmallBytes = 4 * 1024 ** 2

type RequestOptions = NonNullable<Parameters<typeof fetch>[1]>

export async function request(url: string, options: RequestOptions): Promise<Response> {
  try {
    return await fetch(url, options)
  } catch (error) {
    throw explain(error, new URL(url).origin)
  }
}

export async function refusalOf(answer: Response, about: string): Promise<Failure> {
  const text = (await smallBody(answer)).toString('utf8').slice(0, 2000)
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? 'without a reason'
  const isDenied = answer.status === 401 || answer.status === 403
  const advice = isDenied ? 'sign in to that registry: docker login, or pratique login' : undefined
  const exitCode = isDenied ? exitCodes.notAllowed : exitCodes.error
  return new Failure(exitCode, `${about} answered ${answer.status}: ${message}`, advice)
}

export async function smallBody(answer: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  const body: AsyncIterable<Uint8Array> | undefined = answer.body ?? undefined
  if (body === undefined) return Buffer.alloc(0)
  for await (const piece of body) {
    size += piece.byteLength
    if (size > maxSmallBytes) throw failure('the registry sent a document of more than 4 MiB')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

export function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? { ...value } : {}
}

export function failure(message: string): Failure {
  return new Failure(exitCodes.error, message)
}
