import type { Scope, SignedRequest } from './sigv4-canonical.ts'

export type SigV4Code =
  | 'MissingAuthenticationToken'
  | 'IncompleteSignature'
  | 'InvalidSignature'
  | 'UnrecognizedClient'
  | 'ExpiredToken'

/** The parts of one signature, well-formed but not yet believed. */
export interface Signature {
  readonly accessKeyId: string
  readonly scope: Scope
  readonly signedHeaders: readonly string[]
  /** 32 bytes. */
  readonly bytes: Buffer
  /** As sent: 20260101T120000Z. */
  readonly timestamp: string
  readonly signedAt: Date
  readonly presigned: boolean
  /** What the request shows as the session token of its key; not yet believed. */
  readonly sessionToken: string | undefined
  /** Hex as sent: with the key id, the request's name among those that were seen. */
  readonly hex: string
}

type SignatureReading =
  | { readonly kind: 'signature'; readonly signature: Signature }
  | { readonly kind: 'refused'; readonly code: SigV4Code; readonly message: string }

const algorithm = 'AWS4-HMAC-SHA256'
const longestExpirySeconds = 604_800
const missing = refused('MissingAuthenticationToken', 'Missing Authentication Token')

/** Finds the one mechanism used, header or query, and takes it apart. */
export function readSignature(request: SignedRequest): SignatureReading {
  const header = headerOf(request, 'authorization')
  const query = queryParameters(request.rawQuery)
  if (query === undefined) return incomplete('A signature parameter was given twice in the query.')
  const inQuery = query.has('X-Amz-Algorithm')
  if (header === undefined && !inQuery) {
    // Version 2, which AWS has left too.
    const older = new URLSearchParams(request.rawQuery).get('SignatureMethod')
    return older === null ? missing : incomplete(unsupported(older))
  }
  const repeated = repeatedHeader(request)
  if (repeated !== undefined) {
    return incomplete(`The request has more than one ${repeated} header.`)
  }
  if (header !== undefined && inQuery) {
    return incomplete('The request is signed in the header and in the query; use one.')
  }
  if (header !== undefined) return readHeader(request, header)
  const isInBoth =
    query.has('X-Amz-Security-Token') && headerOf(request, 'x-amz-security-token') !== undefined
  return isInBoth
    ? incomplete('The security token is in a header and in the query; use one.')
    : readQuery(query)
}

function readHeader(request: SignedRequest, header: string): SignatureReading {
  const [scheme, rest] = splitOnce(header, ' ')
  if (scheme !== algorithm) {
    // SigV4A (AWS4-ECDSA-P256-SHA256) and versions 2 and 3 (AWS, AWS3-HTTPS): SDKs then take what is offered.
    return /^AWS[34]?(?:-|$)/.test(scheme) ? incomplete(unsupported(scheme)) : missing
  }
  const parts = headerParts(rest ?? '')
  if (typeof parts === 'string') return incomplete(parts)
  const date = headerOf(request, 'x-amz-date') ?? headerOf(request, 'date')
  const absent = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !parts.has(name))
  if (absent.length > 0 || date === undefined) {
    const sentences = absent.map((name) => `Authorization header requires '${name}' parameter.`)
    const noDate = `Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.`
    const faults = [...sentences, ...(date === undefined ? [noDate] : [])]
    return incomplete([...faults, `Authorization=${algorithm}`].join(' '))
  }
  return assemble({
    credential: parts.get('Credential') ?? '',
    signedHeaders: parts.get('SignedHeaders') ?? '',
    signature: parts.get('Signature') ?? '',
    date,
    presigned: false,
    expires: '0',
    sessionToken: headerOf(request, 'x-amz-security-token'),
  })
}

/** `Credential=…, SignedHeaders=…, Signature=…`; or what is wrong with it. */
function headerParts(text: string): ReadonlyMap<string, string> | string {
  const parts = new Map<string, string>()
  for (const part of text.split(',')) {
    const [name, value] = splitOnce(part.trim(), '=')
    const shown = name.slice(0, 64)
    if (value === undefined) {
      // AWS repeats the whole header; clients put other secrets there.
      return `'${shown}' not a valid key=value pair (missing equal-sign) in Authorization header: '${algorithm}'.`
    }
    if (parts.has(name)) return `Authorization header has '${shown}' twice.`
    parts.set(name, value)
  }
  return parts
}

function readQuery(query: ReadonlyMap<string, string>): SignatureReading {
  const stated = query.get('X-Amz-Algorithm') ?? ''
  if (stated !== algorithm) return incomplete(unsupported(stated))
  const needed = [
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ]
  const absent = needed.filter((name) => !query.has(name))
  if (absent.length > 0) {
    return incomplete(
      absent.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '),
    )
  }
  return assemble({
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    presigned: true,
    expires: query.get('X-Amz-Expires') ?? '',
    sessionToken: query.get('X-Amz-Security-Token'),
  })
}

interface Parts {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly date: string
  readonly presigned: boolean
  readonly expires: string
  readonly sessionToken: string | undefined
}

function assemble(parts: Parts): SignatureReading {
  const credential =
    /^([A-Za-z0-9_]{1,128})\/([0-9]{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/.exec(
      parts.credential,
    )
  if (credential === null) {
    return incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request.`,
    )
  }
  if (!/^[0-9a-f]{64}$/.test(parts.signature))
    return incomplete('Signature must be 64 lower-case hex digits.')
  const signedAt = parseTimestamp(parts.date)
  if (signedAt === undefined) {
    return incomplete(`Date must be in ISO-8601 'basic format', such as 20260101T120000Z.`)
  }
  const signedHeaders = parts.signedHeaders.split(';')
  if (!areSortedNames(signedHeaders)) {
    return incomplete(`SignedHeaders must be lower-case names, sorted, each once.`)
  }
  if (parts.presigned && !isExpiry(parts.expires)) {
    return incomplete(`X-Amz-Expires must be between 1 and ${longestExpirySeconds} seconds.`)
  }
  const [, accessKeyId = '', date = '', region = '', service = ''] = credential
  const signature: Signature = {
    accessKeyId,
    scope: { date, region, service },
    signedHeaders,
    bytes: Buffer.from(parts.signature, 'hex'),
    timestamp: timestampText(signedAt),
    signedAt,
    presigned: parts.presigned,
    sessionToken: parts.sessionToken,
    hex: parts.signature,
  }
  return { kind: 'signature', signature }
}

function areSortedNames(names: readonly string[]): boolean {
  const isNext = (name: string, index: number): boolean =>
    name !== '' && name === name.toLowerCase() && name > (names[index - 1] ?? '')
  return names.length <= 256 && names.every(isNext)
}

function isExpiry(text: string): boolean {
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  return seconds >= 1 && seconds <= longestExpirySeconds
}

/** ISO basic form, or the HTTP date that some clients send in `Date`. */
function parseTimestamp(text: string): Date | undefined {
  const iso = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  const [, year, month, day, hour, minute, second] = iso ?? []
  const readable = iso === null ? text : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
  if (iso === null && !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return undefined
  const milliseconds = Date.parse(readable)
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds)
}

function timestampText(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '')
}

/** The signature's own parameters, decoded; undefined when one of them is repeated. */
function queryParameters(rawQuery: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    if (!name.toLowerCase().startsWith('x-amz-')) continue
    if (found.has(name)) return undefined
    found.set(name, value)
  }
  return found
}

/** Of a header that decides what a request means there is one: which of two would be meant, another reader might see otherwise. */
function repeatedHeader(request: SignedRequest): string | undefined {
  const seen = new Set<string>()
  for (const [written] of request.headers) {
    const name = written.toLowerCase()
    if (name !== 'authorization' && !name.startsWith('x-amz-')) continue
    if (seen.has(name)) return name === 'authorization' ? 'Authorization' : name.slice(0, 64)
    seen.add(name)
  }
  return undefined
}

function unsupported(named: string): string {
  return `Unsupported AWS 'algorithm': '${named.slice(0, 64)}'`
}

function headerOf(request: SignedRequest, name: string): string | undefined {
  return request.headers.find(([other]) => other.toLowerCase() === name)?.[1].trim()
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function incomplete(message: string): SignatureReading {
  return refused('IncompleteSignature', message)
}

function refused(code: SigV4Code, message: string): SignatureReading {
  return { kind: 'refused', code, message }
}
