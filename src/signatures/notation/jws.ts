// Purpose:  read a signature envelope in JWS.
// Spec:     Notary Project signature-envelope-jws.md; RFC 7515 section 7.2.2 (flattened JSON), RFC 3339.
// Input:    at most 1 MiB; hostile.
// Deviates: base64 with line breaks, wrong padding or stray bits is refused; Go's decoder skips line breaks.
// Unknowns: other members of the unprotected header are ignored, as the specification wants.
import { decodeBase64 } from '../../lib/base64.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { calendarTime } from '../calendar-time.ts'
import { maxChainLength } from '../x509/chain-rules.ts'
import {
  attributeNames,
  malformed,
  readAttributes,
  unsignedNames,
  type Refusal,
} from './attributes.ts'
import type { EnvelopeResult, SignatureEnvelope } from './signature-envelope.ts'

export const jwsMediaType = 'application/jose+json'

const envelopeMembers = ['payload', 'protected', 'header', 'signature'] as const

/** RFC 7515 section 4.1, with `b64` of RFC 7797: none of them may be critical. */
const standardHeaders: ReadonlySet<string | number> = new Set(
  'alg jku jwk kid x5u x5c x5t x5t#S256 typ cty crit b64'.split(' '),
)

export function readJws(bytes: Uint8Array): EnvelopeResult {
  // Not the signing agent: old signers wrote it in another case, and nobody believes it.
  const json = parseStrictJson(bytes, [...envelopeMembers, 'x5c', unsignedNames.timestamp])
  if (json.kind === 'refused') return malformed(`the envelope ${json.reason}`)
  const body = json.value
  if (!isRecord(body)) return malformed('the envelope is not a JSON object')
  const stranger = Object.keys(body).find((name) => !envelopeMembers.some((own) => own === name))
  if (stranger !== undefined)
    return malformed(`the envelope has the member ${JSON.stringify(stranger.slice(0, 64))}`)
  const { payload: payloadText, protected: protectedText, signature: signatureText, header } = body
  const payload = readBytes(payloadText, 'base64url')
  const protectedBytes = readBytes(protectedText, 'base64url')
  const signature = readBytes(signatureText, 'base64url')
  if (payload === undefined || protectedBytes === undefined || signature === undefined)
    return malformed('payload, protected and signature are not all base64url without padding')
  const signed = readProtected(protectedBytes)
  if (signed.kind === 'refused') return signed
  const unsigned = readUnprotected(header)
  if (unsigned.kind === 'refused') return unsigned
  // These two texts, and not what is made of them, were signed.
  const signedBytes = Buffer.from(`${String(protectedText)}.${String(payloadText)}`, 'ascii')
  return {
    kind: 'envelope',
    envelope: {
      format: 'jws',
      payload,
      signedBytes,
      signature,
      ...signed.signed,
      ...unsigned.members,
    },
  }
}

/** Of at least one byte. */
function readBytes(value: unknown, alphabet: 'base64' | 'base64url'): Uint8Array | undefined {
  const bytes = decodeBase64(value, alphabet)
  return bytes?.length === 0 ? undefined : bytes
}

type ProtectedResult =
  | {
      readonly kind: 'signed'
      readonly signed: Pick<SignatureEnvelope, 'algorithm' | 'contentType' | 'attributes'>
    }
  | Refusal

function readProtected(bytes: Uint8Array): ProtectedResult {
  const known = ['alg', 'cty', 'crit', ...Object.values(attributeNames)]
  const json = parseStrictJson(bytes, known)
  if (json.kind === 'refused') return malformed(`the protected header ${json.reason}`)
  const header = json.value
  if (!isRecord(header)) return malformed('the protected header is not a JSON object')
  const { alg, cty, crit } = header
  if (typeof alg !== 'string') return malformed('alg is missing')
  if (typeof cty !== 'string') return malformed('cty is missing')
  const critical: readonly unknown[] = Array.isArray(crit) ? crit : []
  const names = critical.filter((name) => typeof name === 'string')
  if (names.length !== critical.length) return malformed('crit names something that is no text')
  const members = new Map<string | number, unknown>(Object.entries(header))
  const read = readAttributes({
    members,
    critical: names,
    standard: standardHeaders,
    readTime: readRfc3339,
  })
  if (read.kind === 'refused') return read
  return {
    kind: 'signed',
    signed: { algorithm: alg, contentType: cty, attributes: read.attributes },
  }
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/

/** Leap seconds are refused as Go refuses them: a signer that runs on one has never been seen. */
function readRfc3339(value: unknown): number | string {
  const found = typeof value === 'string' ? rfc3339.exec(value) : null
  if (found === null) return 'is not a time of RFC 3339'
  const time = calendarTime(found.slice(1, 7), found[7])
  const [sign, hours, minutes] = [found[8], Number(found[9] ?? 0), Number(found[10] ?? 0)]
  if (time === undefined || hours > 23 || minutes > 59) return 'does not exist'
  const offset = (hours * 60 + minutes) * 60_000
  return sign === '-' ? time + offset : time - offset
}

type UnprotectedResult =
  | {
      readonly kind: 'unsigned'
      readonly members: Pick<SignatureEnvelope, 'chain' | 'timestamp' | 'signingAgent'>
    }
  | Refusal

function readUnprotected(header: unknown): UnprotectedResult {
  if (!isRecord(header)) return malformed('header is not an object')
  const { x5c } = header
  if (!Array.isArray(x5c) || x5c.length === 0) return malformed('x5c is missing or empty')
  if (x5c.length > maxChainLength) {
    const detail = `x5c has ${x5c.length} certificates, more than ${maxChainLength}`
    return { kind: 'refused', reason: 'limit', detail }
  }
  const chain = x5c.flatMap((text: unknown) => readBytes(text, 'base64') ?? [])
  if (chain.length !== x5c.length) return malformed('x5c has an entry that is not padded base64')
  const token = header[unsignedNames.timestamp]
  const timestamp = token === undefined ? undefined : readBytes(token, 'base64')
  if (token !== undefined && timestamp === undefined)
    return malformed(`${unsignedNames.timestamp} is not padded base64`)
  const signingAgent = header[unsignedNames.signingAgent]
  return {
    kind: 'unsigned',
    members: {
      chain,
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(typeof signingAgent === 'string' ? { signingAgent } : {}),
    },
  }
}
