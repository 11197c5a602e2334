// ID tokens as a provider makes them, and as somebody else might.
import { createHmac } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

export interface TestIssuer {
  /** The public half, as its key set has it. */
  readonly jwk: JWK
  readonly sign: (
    payload: JWTPayload,
    header?: Readonly<Record<string, unknown>>,
  ) => Promise<string>
}

/** A provider's key, named `kid`. */
export async function makeIssuer(
  kid: string,
  algorithm: 'RS256' | 'ES256' | 'PS256' = 'ES256',
): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: algorithm }
  return {
    jwk,
    sign: async (payload, header = {}) =>
      new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(privateKey),
  }
}

export function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Signed with a secret, which may be what everybody can read. */
export function signWithSecret(header: unknown, payload: unknown, secret: string): string {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
