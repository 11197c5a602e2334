// What authorities say of revoked certificates, asked from this machine, for signers that the policy trusts.
import type { WantedAnswer } from '../../src/signatures/x509/revocation.ts'
import type { RevocationSource } from '../../src/trust/rules/verify-in-steps.ts'

const maxBytes = 8 * 1024 * 1024
const timeoutMs = { ocsp: 2000, crl: 5000 } as const

export const fetchedAnswer: RevocationSource['answerTo'] = async (wanted) =>
  (await ask(wanted)) ?? 'unavailable'

async function ask({ method, url, request }: WantedAnswer): Promise<Uint8Array | undefined> {
  const signal = AbortSignal.timeout(timeoutMs[method])
  const post =
    request === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/ocsp-request' },
          body: new Uint8Array(request),
        }
  try {
    const answer = await fetch(url, { ...post, signal, redirect: 'error' })
    const size = Number(answer.headers.get('content-length') ?? 0)
    if (!answer.ok || size > maxBytes) return undefined
    const bytes = new Uint8Array(await answer.arrayBuffer())
    return bytes.byteLength > maxBytes ? undefined : bytes
  } catch {
    // Who does not answer says nothing: the verdict is then unknown, with the address.
    return undefined
  }
}
