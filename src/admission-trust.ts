// What admission asks of whoever verifies signatures, bound to the trust room's evidence.
import type { TrustReader } from './admission/trust-reader.ts'
import { provenanceFacts, signatureEvidence } from './admission/rules/trust-answer.ts'
import type { SqlReader } from './storage/database/database.ts'
import type { TrustPlace } from './trust/load-policies.ts'
import { readAttestations } from './trust/read-attestations.ts'
import { readEvidence } from './trust/read-evidence.ts'

export function trustReader(deps: {
  readonly reader: SqlReader
  readonly place: TrustPlace
}): TrustReader {
  return {
    signature: async (asked, now) => signatureEvidence(await readEvidence(deps, asked, now)),
    provenance: async (asked, now) =>
      (await readAttestations(deps.reader, asked, now)).flatMap(provenanceFacts),
  }
}
