// Who stamps the time of a signature that is made here.
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { parseCertificate } from '../../src/signatures/x509/certificate.ts'
import { isSelfSigned } from '../../src/signatures/x509/chain-rules.ts'
import type {
  TimestampAuthority,
  Timestamping,
} from '../../src/signatures/x509/obtain-timestamp.ts'
import { timestampQueryType } from '../../src/signatures/x509/timestamp-protocol.ts'
import { exitCodes, Failure } from '../failure.ts'
import { readCertificates } from './own-key.ts'

const maxBytes = 64 * 1024
const timeoutMs = 10_000

/** Of `--timestamp-url` and `--timestamp-root`; undefined where neither is given. */
export async function timestampingOf(
  url: string | undefined,
  rootFile: string | undefined,
): Promise<Timestamping | undefined> {
  if (url === undefined && rootFile === undefined) return undefined
  if (
    url === undefined ||
    rootFile === undefined ||
    !/^https?:\/\/./.test(url) ||
    !URL.canParse(url)
  )
    throw new Failure(
      exitCodes.usage,
      '--timestamp-url, an http or https address, and --timestamp-root, its root certificate, go together',
      'of a server of ours: --timestamp-url URL/pki/tsa, and pratique signing roots --timestamps > tsa.pem',
    )
  const roots = (await readCertificates(rootFile)).map((der) => {
    const parsed = parseCertificate(der)
    if (parsed.kind === 'certificate' && isSelfSigned(parsed.certificate)) return parsed.certificate
    throw new Failure(exitCodes.usage, `${rootFile} holds something else than root certificates`)
  })
  return {
    authorities: [{ name: url, ask: (query) => ask(url, query) }],
    roots: async () => Promise.resolve(roots),
    nonce: () => randomBytes(16),
  }
}

/** Who runs the command chose the address; its answer is held to the root. */
async function ask(
  url: string,
  query: Uint8Array,
): Promise<Awaited<ReturnType<TimestampAuthority['ask']>>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': timestampQueryType },
      body: new Uint8Array(query),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })
    if (!response.ok) return { kind: 'failed', reason: `it answered ${response.status}` }
    return await bytesOf(response)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { kind: 'failed', reason: cause instanceof Error ? cause.message : 'no answer' }
  }
}

async function bytesOf(
  response: Response,
): Promise<Awaited<ReturnType<TimestampAuthority['ask']>>> {
  const pieces: Uint8Array[] = []
  let size = 0
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([])
  for await (const piece of body) {
    size += piece.length
    if (size > maxBytes)
      return { kind: 'failed', reason: `the answer has more than ${maxBytes} bytes` }
    pieces.push(piece)
  }
  return { kind: 'answer', bytes: Buffer.concat(pieces) }
}
