// A signature over a payload: by a profile or a key of the server, or by a key of one's own, which never leaves this machine.
import { SignPayloadCommand } from '@aws-sdk/client-signer'
import { payloadContentType } from '../../src/signatures/notation/attributes.ts'
import { signNotation } from '../../src/signatures/notation/sign-notation.ts'
import { obtainTimestamp, type Timestamping } from '../../src/signatures/x509/obtain-timestamp.ts'
import { signWith } from '../../src/signatures/x509/key-algorithm.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { callServer, type Session } from '../session.ts'
import { askSigner } from '../signer.ts'
import { readCertificates, readPrivateKey } from './own-key.ts'

export type SigningMeans =
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'file'; readonly keyFile: string; readonly chainFile: string }

export interface EnvelopeRequest {
  readonly payload: Uint8Array
  readonly format: 'jws' | 'cose'
  readonly expiresInMs: number | undefined
  /** Of signatures by a key of one's own; the server stamps what it signs by its own settings. */
  readonly timestamping: Timestamping | undefined
}

export async function makeEnvelope(
  session: Session,
  means: SigningMeans,
  request: EnvelopeRequest,
): Promise<Uint8Array> {
  switch (means.kind) {
    case 'profile':
      return byProfile(means.name, request)
    case 'key':
      return byServerKey(session, means.name, request)
    case 'file':
      return byFile(means, request)
  }
}

async function byProfile(profileName: string, request: EnvelopeRequest): Promise<Uint8Array> {
  const { format, expiresInMs, payload } = request
  if (format !== 'jws' || expiresInMs !== undefined)
    throw new Failure(
      exitCodes.usage,
      'a profile decides form and expiry of its signatures',
      'leave --format and --expiry out, or sign with --key',
    )
  const input = {
    profileName,
    payload: Uint8Array.from(payload),
    payloadFormat: payloadContentType,
  }
  const { signature } = await askSigner((signer) => signer.send(new SignPayloadCommand(input)))
  if (signature !== undefined) return signature
  throw new Failure(exitCodes.error, 'the server answered without a signature')
}

async function byServerKey(
  session: Session,
  key: string,
  { payload, format, expiresInMs }: EnvelopeRequest,
): Promise<Uint8Array> {
  const query = new URLSearchParams({ key, format })
  if (expiresInMs !== undefined) query.set('expiresInSeconds', String(expiresInMs / 1000))
  const body = {
    stream: new Blob([Uint8Array.from(payload)]).stream(),
    type: 'application/octet-stream',
  }
  const path = `/pratique/v1/signing/signatures?${query.toString()}`
  const answer = await jsonOf<{ readonly signature: string }>(
    await callServer(session, 'POST', path, body),
  )
  return Buffer.from(answer.signature, 'base64')
}

async function byFile(
  { keyFile, chainFile }: { readonly keyFile: string; readonly chainFile: string },
  { payload, format, expiresInMs, timestamping }: EnvelopeRequest,
): Promise<Uint8Array> {
  const key = await readPrivateKey(keyFile)
  const chain = await readCertificates(chainFile)
  const signingTime = Math.floor(new Date().getTime() / 1000) * 1000
  const result = await signNotation(
    {
      format,
      payload,
      scheme: 'notary.x509',
      signingTime,
      signingAgent: 'pratique',
      ...(expiresInMs === undefined ? {} : { expiry: signingTime + expiresInMs }),
      ...(timestamping === undefined
        ? {}
        : { timestamp: (signature, hash) => stamp(timestamping, signature, hash) }),
    },
    { chain, sign: async (bytes) => Promise.resolve(signWith(key, bytes)) },
  )
  if (result.kind === 'signed') return result.envelope
  throw new Failure(
    exitCodes.usage,
    `nothing was signed: ${result.reason}`,
    `${chainFile} must hold the key's certificate first, then its issuers up to the root`,
  )
}

/** Whoever asks for a timestamp does not want a signature without one. */
async function stamp(...asked: Parameters<typeof obtainTimestamp>): Promise<Uint8Array> {
  const stamped = await obtainTimestamp(...asked)
  if (stamped.kind === 'token') return stamped.token
  throw new Failure(
    exitCodes.error,
    `nothing was signed, since there is no timestamp: ${stamped.reason}`,
    'try again, or leave --timestamp-url out',
  )
}
