// Judges signatures in the thread that asks: for tests that are about what is found, and not about where.
import { mayReplaceCrl } from '../../src/signatures/x509/crl.ts'
import { signatureJudge } from '../../src/trust/rules/signature-verifier.ts'
import type { Verifiers } from '../../src/trust/verify-aside.ts'

export function directVerifiers(): Verifiers {
  const judge = signatureJudge()
  return {
    judge: async (question) => Promise.resolve(judge(question)),
    mayReplaceCrl: async ({ bytes, known }) => Promise.resolve(mayReplaceCrl(bytes, known)),
  }
}
