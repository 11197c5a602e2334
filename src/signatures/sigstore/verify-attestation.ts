// Purpose:  judge one attestation of an image: is it signed by whom the policy means, of the kind it wants, and does it say what it must?
// Spec:     sigstore client specification; in-toto Statement; SLSA "Verifying artifacts": signer and builder id belong together.
// Input:    bytes beside an image, hostile; an entry of a policy, and what the policy demands of the predicate.
// Deviates: a signature of the image is no attestation, whatever type is asked for.
// Unknowns: a builder or source that the predicate does not say, where one is demanded → untrusted.
import { digestOf, type Digest } from '../../oci/digest.ts'
import type { SignatureVerdict } from '../outcome.ts'
import type { SigstoreCandidate } from './candidate.ts'
import { failedVerdict, passed, verifiedVerdict, type Failure } from './check-list.ts'
import { matchesIdentity } from './identity-pattern.ts'
import { factsOf, type PredicateFacts } from './predicate-facts.ts'
import { imageSignatureType, matchesPredicateType } from './predicate-types.ts'
import { verifyContent, type SigstoreRequest } from './verify-sigstore.ts'

export interface AttestationDemand {
  /** A short name of cosign's or ours, or the address of a predicate type. */
  readonly type: string
  /** As identities are written: identity-pattern.ts. */
  readonly builder?: string
  readonly source?: string
}

export interface AttestationVerdict {
  readonly verdict: SignatureVerdict
  /** Told only where the signature is sound and about this image: what else would be a stranger's words. */
  readonly attestation?: {
    readonly predicateType: string
    /** Of the statement, as it was signed. */
    readonly statement: Digest
    readonly facts: PredicateFacts
    readonly predicate: unknown
  }
}

export function verifyAttestation(
  candidate: SigstoreCandidate,
  request: Omit<SigstoreRequest, 'repository'>,
  demand: AttestationDemand,
): AttestationVerdict {
  const sound = verifyContent(candidate, request)
  if (sound.kind === 'failed') return { verdict: sound.verdict }
  const { checks, facts: signer, statement, payload } = sound
  if (statement === undefined || statement.predicateType === imageSignatureType)
    return {
      verdict: failedVerdict(
        checks,
        'predicate-type',
        none('it is a signature of the image, not an attestation'),
        signer,
      ),
    }
  const { predicateType, predicate } = statement
  const facts = factsOf(predicateType, predicate)
  const attestation = { predicateType, statement: digestOf(payload), facts, predicate }
  if (!matchesPredicateType(demand.type, predicateType)) {
    const failure = none(`it is of the type ${predicateType}; ${demand.type} is wanted`)
    return { verdict: failedVerdict(checks, 'predicate-type', failure, signer), attestation }
  }
  const made = [...checks, passed('predicate-type', predicateType)]
  for (const name of ['builder', 'source'] as const) {
    const wanted = demand[name]
    if (wanted === undefined) continue
    const said = facts.kind === 'slsa-provenance' ? facts[name] : undefined
    if (said === undefined || !matchesIdentity(wanted, said)) {
      const failure = mismatch(name, said, wanted)
      return { verdict: failedVerdict(made, name, failure, signer), attestation }
    }
    made.push(passed(name, said))
  }
  return { verdict: verifiedVerdict(made, signer), attestation }
}

function none(detail: string): Failure {
  return { result: 'none', reason: 'unsigned', detail }
}

function mismatch(name: string, said: string | undefined, wanted: string): Failure {
  return {
    result: 'untrusted',
    reason: 'identity-mismatch',
    detail: `the ${name} is ${said ?? 'not said'}; the policy wants ${wanted}`,
  }
}
