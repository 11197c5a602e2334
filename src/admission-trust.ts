// What admission asks of whoever verifies signatures, bound to the trust room's evidence.
import type { TrustReader } from './admission/trust-reader.ts'
import type { ProvenanceFacts, SignatureEvidence } from './admission/rules/evidence.ts'
import type { SqlReader } from './storage/database/database.ts'
import type { TrustPlace } from './trust/load-policies.ts'
import { readAttestations, type AttestationAnswer } from './trust/read-attestations.ts'
import { readEvidence, type ReadEvidence } from './trust/read-evidence.ts'

export function trustReader(deps: {
  readonly reader: SqlReader
  readonly place: TrustPlace
}): TrustReader {
  return {
    signature: async (asked, now) => signatureOf(await readEvidence(deps, asked, now)),
    provenance: async (asked, now) =>
      (await readAttestations(deps.reader, asked, now)).flatMap(provenanceOf),
  }
}

function signatureOf({
  result,
  reason,
  validUntil,
  identities,
  via,
}: ReadEvidence): SignatureEvidence {
  const detail = [
    ...(identities.length === 0 ? [] : [`signed by ${identities.join(', ')}`]),
    ...(via === undefined ? [] : [`by the index ${via}`]),
  ].join(', ')
  return {
    result,
    ...(reason === undefined ? {} : { reason }),
    ...(validUntil === undefined ? {} : { validUntil }),
    ...(detail === '' ? {} : { detail }),
  }
}

/** A rule for which nobody stated anything is no attestation. */
function provenanceOf(answer: AttestationAnswer): readonly ProvenanceFacts[] {
  const { result, reason, validUntil, extracted } = answer
  if (result === 'none' && answer.manifest === undefined) return []
  const { builder, source } = extracted
  return [
    {
      result,
      ...(reason === undefined ? {} : { reason }),
      ...(validUntil === undefined ? {} : { validUntil }),
      ...(builder === undefined ? {} : { builder }),
      ...(source === undefined ? {} : { source }),
    },
  ]
}
