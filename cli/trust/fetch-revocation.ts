// What authorities say of revoked certificates, asked from this machine, for signers that the policy trusts.
import { wantedRevocation } from '../../src/signatures/notation/wanted-revocation.ts'
import type { WantedAnswer } from '../../src/signatures/x509/revocation.ts'
import type { RevocationOf } from '../../src/trust/rules/signature-verifier.ts'

const maxRounds = 3
const maxBytes = 8 * 1024 * 1024
const timeoutMs = { ocsp: 2000, crl: 5000 } as const

export const fetchRevocation: RevocationOf = async (input) => {
  const answers = new Map<string, Uint8Array | 'unavailable'>()
  for (let round = 0; round < maxRounds; round += 1) {
    const wanted = wantedRevocation({ ...input, revocation: { answers } }).answers
    if (wanted.length === 0) break
    for (const one of wanted) answers.set(one.key, (await ask(one)) ?? 'unavailable')
  }
  // AWS Signer's answer is had at the server: 'unknown' here says that nobody was asked.
  return { answers }
}

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
