// Purpose:  who signed this request?
// Spec:     AWS Signature Version 4, header and presigned form, as a server verifies it.
// Input:    a request before its body was believed; hostile.
// Deviates: signatures over unsigned or streamed payloads are refused: no operation here needs them.
//           A presigned request holds for the service's window whatever X-Amz-Expires says, as STS has it.
// Unknowns: anything that is not exactly one well-formed, current, matching signature → 'refused' with AWS's code.
import type { Secret } from '../../../lib/secret.ts'
import { hash, timingSafeEqual } from 'node:crypto'
import { BoundedCache } from '../../../lib/bounded-cache.ts'
import type { Clock } from '../../../lib/clock.ts'
import {
  canonicalRequest,
  signatureOf,
  signingKey,
  stringToSign,
  type Scope,
  type SignedRequest,
} from './sigv4-canonical.ts'
import { readSignature, type Signature, type SigV4Code } from './sigv4-signature.ts'

export type SigV4Result<T> =
  | {
      readonly kind: 'authenticated'
      readonly accessKeyId: string
      readonly service: string
      readonly presigned: boolean
      /** Of this request and of no other: what a replay of it would show again. */
      readonly signature: string
      readonly key: T
    }
  | { readonly kind: 'refused'; readonly code: SigV4Code; readonly message: string }

export interface SigV4Deps<T> {
  /** The secret of that key id with that session token, and whatever else belongs to it; undefined for what opens nothing. */
  readonly findKey: (
    id: string,
    sessionToken: string | undefined,
  ) => Promise<FoundKey<T> | undefined>
  readonly clock: Clock
  readonly region: string
  /** Services served; some (sts, iam) are signed for us-east-1 whatever the region. */
  readonly services: SigV4Services
}

export type SigV4Services = Readonly<
  Record<string, { readonly skewMinutes: number; readonly isGlobal: boolean }>
>

export type FoundKey<T> =
  | { readonly kind: 'active'; readonly secret: Secret; readonly key: T }
  | { readonly kind: 'expired'; readonly secret: Secret }

type Refused = Extract<SigV4Result<never>, { readonly kind: 'refused' }>

export const unrecognised = refuse(
  'UnrecognizedClient',
  'The security token included in the request is invalid.',
)
const mismatch = refuse(
  'InvalidSignature',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
)

const expired = refuse('ExpiredToken', 'The security token included in the request is expired')

/** Verifies requests; derived keys are remembered within the day they are for. */
export class SigV4Verifier<T> {
  readonly #deps: SigV4Deps<T>
  readonly #signingKeys = new BoundedCache<Buffer>(10_000)

  constructor(deps: SigV4Deps<T>) {
    this.#deps = deps
  }

  /** `bodyHash` is the hex SHA-256 of the body as received. */
  async verify(request: SignedRequest, bodyHash: string): Promise<SigV4Result<T>> {
    const reading = readSignature(request)
    if (reading.kind === 'refused') return reading
    const { signature } = reading
    const fault =
      this.#faultOfScope(signature) ??
      this.#faultOfTime(signature) ??
      faultOfSignedHeaders(request, signature) ??
      faultOfPayload(request, signature, bodyHash)
    if (fault !== undefined) return fault
    return this.#compare(request, signature, bodyHash)
  }

  async #compare(
    request: SignedRequest,
    signature: Signature,
    bodyHash: string,
  ): Promise<SigV4Result<T>> {
    const { accessKeyId, scope, timestamp, signedHeaders, presigned, sessionToken } = signature
    const found = await this.#deps.findKey(accessKeyId, sessionToken)
    // Unknown ids take the same way, so that the time taken tells nothing.
    // They share one entry of the cache, so that made-up ids cannot push the real ones out.
    const key = this.#keyFor(
      found === undefined ? '' : accessKeyId,
      found?.secret.reveal() ?? '',
      scope,
    )
    const canonical = canonicalRequest(request, signedHeaders, bodyHash)
    const expected = signatureOf(key, stringToSign(timestamp, scope, canonical))
    const matches = timingSafeEqual(expected, signature.bytes)
    if (found === undefined) return unrecognised
    if (!matches) return mismatch
    if (found.kind === 'expired') return expired
    const { service } = scope
    const { hex } = signature
    return {
      kind: 'authenticated',
      accessKeyId,
      service,
      presigned,
      signature: hex,
      key: found.key,
    }
  }

  #keyFor(accessKeyId: string, secret: string, scope: Scope): Buffer {
    const now = this.#deps.clock.now()
    // By its hash, so that another secret is another entry and none lies about as a name.
    const version = hash('sha256', secret, 'base64')
    const name = [accessKeyId, version, scope.date, scope.region, scope.service].join('\n')
    const known = this.#signingKeys.get(name, now)
    if (known !== undefined) return known
    const key = signingKey(secret, scope)
    this.#signingKeys.set(name, key, new Date(now.getTime() + 3_600_000))
    return key
  }

  #faultOfScope({ scope, timestamp }: Signature): Refused | undefined {
    const service = this.#serviceOf(scope)
    if (service === undefined) {
      const served = Object.keys(this.#deps.services).join(`', '`)
      return refuse(
        'InvalidSignature',
        `Credential should be scoped to correct service: '${served}'. `,
      )
    }
    const isRegion =
      scope.region === this.#deps.region || (service.isGlobal && scope.region === 'us-east-1')
    if (!isRegion) {
      const message = `Credential should be scoped to a valid region, not '${scope.region}'. `
      return refuse('InvalidSignature', message)
    }
    const day = timestamp.slice(0, 8)
    if (scope.date === day) return undefined
    const message = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${day}', from '${timestamp}'.`
    return refuse('InvalidSignature', message)
  }

  /** The name is the client's: `constructor` is no service although every object has one. */
  #serviceOf({ service }: Scope): SigV4Deps<T>['services'][string] | undefined {
    return Object.hasOwn(this.#deps.services, service) ? this.#deps.services[service] : undefined
  }

  #faultOfTime({ scope, signedAt, timestamp }: Signature): Refused | undefined {
    const now = this.#deps.clock.now()
    const minutes = this.#serviceOf(scope)?.skewMinutes ?? 5
    const skewMs = minutes * 60_000
    if (now.getTime() > signedAt.getTime() + skewMs) {
      const limit = basicIso(new Date(now.getTime() - skewMs))
      const message = `Signature expired: ${timestamp} is now earlier than ${limit} (${basicIso(now)} - ${minutes} min.)`
      return refuse('InvalidSignature', message)
    }
    if (now.getTime() >= signedAt.getTime() - skewMs) return undefined
    const limit = basicIso(new Date(now.getTime() + skewMs))
    const message = `Signature not yet current: ${timestamp} is still later than ${limit} (${basicIso(now)} + ${minutes} min.)`
    return refuse('InvalidSignature', message)
  }
}

/** What decides the meaning of a request must be under the signature. */
function faultOfSignedHeaders(
  request: SignedRequest,
  { signedHeaders, presigned }: Signature,
): Refused | undefined {
  const names = new Set(request.headers.map(([name]) => name.toLowerCase()))
  const mustBeSigned = [...names].filter(
    (name) =>
      name === 'host' || name.startsWith('x-amz-') || (name === 'content-type' && !presigned),
  )
  const unsigned = mustBeSigned.find((name) => !signedHeaders.includes(name))
  if (unsigned === undefined && signedHeaders.includes('host')) return undefined
  const message = `'${unsigned ?? 'host'}' must be a 'SignedHeader' in the AWS Authorization.`
  return refuse('InvalidSignature', message)
}

/** A stated hash must be the body's; no operation here takes an unsigned or streamed payload. */
function faultOfPayload(
  request: SignedRequest,
  { presigned }: Signature,
  bodyHash: string,
): Refused | undefined {
  const stated = request.headers.find(
    ([name]) => name.toLowerCase() === 'x-amz-content-sha256',
  )?.[1]
  if (
    presigned &&
    request.method !== 'GET' &&
    request.method !== 'HEAD' &&
    request.method !== 'POST'
  ) {
    return refuse('InvalidSignature', 'Presigned requests may be GET, HEAD or POST.')
  }
  return stated === undefined || stated === bodyHash ? undefined : mismatch
}

export function refuse(code: SigV4Code, message: string): Refused {
  return { kind: 'refused', code, message }
}

/** 20260101T120000Z */
export function basicIso(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '')
}
