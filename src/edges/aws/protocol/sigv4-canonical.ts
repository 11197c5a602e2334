// Purpose:  the canonical form of a request, the string to sign, and the signature over it.
// Spec:     AWS Signature Version 4, "Create a signed AWS API request"; vectors of the AWS signing test suite.
// Input:    the request target and headers as received, before any parser joined or dropped something; hostile.
// Deviates: nothing.
// Unknowns: none; what a client must not do is refused by sigv4.ts.
import { createHash, createHmac } from 'node:crypto'

/** A header as it came: repeated ones stay apart, in order. */
export type RawHeader = readonly [name: string, value: string]

export interface SignedRequest {
  readonly method: string
  /** As on the wire, percent-encoded. */
  readonly rawPath: string
  /** Without `?`, as on the wire. */
  readonly rawQuery: string
  readonly headers: readonly RawHeader[]
}

export interface Scope {
  /** YYYYMMDD */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** `normalizePath: false` is S3's way only: dot segments and repeated slashes stay. */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
  options: { readonly normalizePath: boolean } = { normalizePath: true },
): string {
  const path = options.normalizePath ? normalisePath(request.rawPath) : request.rawPath || '/'
  return [
    request.method,
    encode(path, '/'),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${headerValue(request.headers, name)}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

export function stringToSign(timestamp: string, scope: Scope, canonical: string): string {
  const { date, region, service } = scope
  const hash = createHash('sha256').update(canonical).digest('hex')
  return `AWS4-HMAC-SHA256\n${timestamp}\n${date}/${region}/${service}/aws4_request\n${hash}`
}

/** The key that signs within one scope. */
export function signingKey(secret: string, scope: Scope): Buffer {
  const steps = [scope.date, scope.region, scope.service, 'aws4_request']
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secret}`))
}

export function signatureOf(key: Uint8Array, toSign: string): Buffer {
  return hmac(key, toSign)
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Dot segments and repeated slashes go; a trailing slash stays. */
function normalisePath(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1) ?? ''
  const endsOpen = kept.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${kept.join('/')}${endsOpen ? '/' : ''}`
}

/** Sorted by encoded name, then value: sorting whole pairs would swap `a=` and `a-b=`. */
function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return ''
  const pairs = rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      const name = equals === -1 ? pair : pair.slice(0, equals)
      const value = equals === -1 ? '' : pair.slice(equals + 1)
      return [encode(decode(name)), encode(decode(value))] as const
    })
    .filter(([name]) => name !== 'X-Amz-Signature')
  return pairs
    .toSorted(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function byBytes(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Trimmed, inner runs of blanks to one, repeated headers joined in the order received. */
function headerValue(headers: readonly RawHeader[], name: string): string {
  return headers
    .filter(([other]) => other.toLowerCase() === name)
    .map(([, value]) => value.trim().replaceAll(/\s+/g, ' '))
    .join(',')
}

/** Percent-decoding byte by byte; an escape that is none stays as text. Works on bytes as latin1. */
function decode(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return bytes.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** AWS's strict set: everything but A-Z a-z 0-9 - . _ ~ (and what `safe` adds) is escaped, byte by byte. */
function encode(text: string, safe = ''): string {
  const bytes = safe === '/' ? Buffer.from(text, 'utf8') : Buffer.from(text, 'latin1')
  let encoded = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    const isPlain = /[A-Za-z0-9\-._~]/.test(character) || character === safe
    encoded += isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
