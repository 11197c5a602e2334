// What the registry knows of signatures and of where an image comes from, read where a policy asks for it.
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import type { Evidence, SignatureEvidence } from '../../src/admission/rules/evidence.ts'
import { neededFacts } from '../../src/admission/rules/needed-facts.ts'
import {
  provenanceFacts,
  signatureEvidence,
  type AttestationAnswer,
  type SignatureAnswer,
} from '../../src/admission/rules/trust-answer.ts'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import type { Session } from '../session.ts'
import { askEvidence } from '../trust/ask-evidence.ts'

export type TrustEvidence = Pick<Evidence, 'signatures' | 'provenance'>

/** As `GET /pratique/v1/evidence` tells it. */
interface ToldEvidence extends SignatureAnswer {
  readonly policy: string
  readonly attestations: readonly AttestationAnswer[]
}

/** AWS verifies nothing, and a server that does not answer has told nothing: what is not here was not verified. */
export async function readTrustEvidence(
  session: Session,
  image: { readonly repository: string; readonly digest: string },
  policies: readonly AdmissionPolicy[],
): Promise<TrustEvidence> {
  const { signatures: names, provenance: wanted } = neededFacts(policies)
  const told = new Map<string, ToldEvidence>()
  for (const name of session.endpoint === undefined ? [] : trustsOf(names, wanted)) {
    const found = await evidenceOf(session, image, name)
    if (found !== undefined) told.set(name, found)
  }
  const signatures: Record<string, SignatureEvidence> = {}
  for (const name of names) {
    const found = told.get(name)
    if (found !== undefined) signatures[name] = signatureEvidence(found)
  }
  return { signatures, provenance: provenanceOf(wanted, told, session.name) }
}

type Wanted = ReturnType<typeof neededFacts>['provenance']

function trustsOf(names: readonly string[], wanted: Wanted): readonly string[] {
  return [...new Set([...names, ...(wanted.kind === 'by' ? [wanted.trust] : [])])]
}

async function evidenceOf(
  session: Session,
  image: { readonly repository: string; readonly digest: string },
  trust: string,
): Promise<ToldEvidence | undefined> {
  try {
    const evidence = await askEvidence<ToldEvidence>(session, { ...image, trust })
    return evidence.find(({ policy }) => policy === trust)
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === exitCodes.usage) throw error
    note(`what trust policy ${trust} says of its signatures cannot be told: ${error.message}`)
    return undefined
  }
}

function provenanceOf(
  wanted: Wanted,
  told: ReadonlyMap<string, ToldEvidence>,
  name: string,
): Evidence['provenance'] {
  if (wanted.kind === 'none') return { kind: 'unknown', why: 'nobody asked' }
  if (wanted.kind === 'unclear') return { kind: 'unknown', why: wanted.why }
  const found = told.get(wanted.trust)
  if (found === undefined)
    return { kind: 'unknown', why: `${name} does not tell of verified attestations` }
  return { kind: 'known', attestations: found.attestations.flatMap(provenanceFacts) }
}
