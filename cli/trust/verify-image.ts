// Judges the signatures of an image here, with the modules that the server uses, from bytes that were fetched.
import {
  aggregateEvidence,
  type Evidence,
  type FoundVerdict,
} from '../../src/trust/rules/aggregate-evidence.ts'
import {
  candidatesOfReferrer,
  candidatesOfTag,
  isAbout,
  maxContentBytes,
  mayHoldSignatures,
  signatureTagsOf,
  type CandidateLayer,
} from '../../src/trust/rules/candidate.ts'
import { judgeAttestation } from '../../src/trust/rules/judge-attestation.ts'
import { signatureJudge } from '../../src/trust/rules/signature-verifier.ts'
import type { TrustMaterial } from '../../src/trust/rules/trust-material.ts'
import type { TrustPolicy } from '../../src/trust/rules/trust-policy.ts'
import { subjectTime, unverified, type CandidateVerdict } from '../../src/trust/rules/verifier.ts'
import { verifyInSteps, type RevocationSource } from '../../src/trust/rules/verify-in-steps.ts'
import { fetchedAnswer } from './fetch-revocation.ts'
import type { ReadManifest, RegistryReader } from './registry-reader.ts'

export interface VerifiedImage extends Omit<Evidence, 'supports'> {
  readonly signatures: readonly VerifiedCandidate[]
  readonly attestations: readonly {
    readonly rule: string
    readonly result: CandidateVerdict['result']
    readonly reason: CandidateVerdict['reason'] | undefined
  }[]
}

export interface VerifiedCandidate {
  readonly manifest: string
  readonly format: string
  readonly entry: string
  readonly verdict: CandidateVerdict
}

const maxTries = 100

export async function verifyImage(
  reader: RegistryReader,
  image: ReadManifest & { readonly repository: string },
  {
    policy,
    material,
    now,
    askSigner,
  }: {
    readonly policy: TrustPolicy
    readonly material: TrustMaterial
    readonly now: number
    readonly askSigner: RevocationSource['askSigner']
  },
): Promise<VerifiedImage> {
  const all = await candidatesOf(reader, image)
  const verify = verifyInSteps(signatureJudge(), {
    answerTo: fetchedAnswer,
    askSigner,
  })
  const options = { signal: new AbortController().signal, time: subjectTime(Infinity) }
  const { mediaType, digest, size, repository } = image
  const judged: (VerifiedCandidate & { readonly key: string })[] = []
  for (const candidate of all.slice(0, maxTries)) {
    const { format, layer, predicateTypeHint: hint } = candidate
    const content = await reader.blob(layer.digest, maxContentBytes(format))
    for (const entry of policy.accept.filter((one) => isAbout(one, format))) {
      const annotations = layer.annotations ?? {}
      const input = {
        format,
        annotations,
        seenAt: now,
        ...(hint === undefined ? {} : { predicateTypeHint: hint }),
      }
      const verdict =
        content === undefined
          ? absent(layer.digest)
          : await verify(
              {
                candidate: { ...input, content },
                subject: { mediaType, digest, size, repository },
                entry,
                material,
                now,
              },
              options,
            )
      const key = JSON.stringify([layer.digest, annotations])
      judged.push({ key, manifest: candidate.manifest, format, entry: entry.id, verdict })
    }
  }
  const counting = judged.filter(
    ({ verdict }) => verdict.isSignature || policy.acceptAttestationAsSignature,
  )
  const left = all.length > maxTries ? 'too-many-signatures' : undefined
  const { supports: _, ...evidence } = aggregateEvidence(counting.map(foundOf), policy, left)
  return {
    ...evidence,
    signatures: judged.map(({ key: _key, ...one }) => one),
    attestations: policy.attestations.map(({ id, ...rule }) => {
      const found = judged.flatMap(
        ({ entry, verdict }) => judgeAttestation({ id, ...rule }, entry, verdict) ?? [],
      )
      const best = found.find(({ result }) => result === 'verified') ?? found[0]
      return { rule: id, ...(best ?? { result: 'none', reason: 'unsigned' }) }
    }),
  }
}

type Found = CandidateLayer & { readonly manifest: string }

async function candidatesOf(
  reader: RegistryReader,
  { digest }: ReadManifest,
): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const { digest: referrer, artifactType } of await reader.referrers(digest)) {
    if (!mayHoldSignatures(artifactType)) continue
    const read = await reader.manifest(referrer)
    // A list of referrers that names what refers elsewhere is not believed.
    if (read?.manifest.subject?.digest !== digest) continue
    found.push(
      ...candidatesOfReferrer(read.manifest).map((one) => ({ ...one, manifest: referrer })),
    )
  }
  for (const tag of signatureTagsOf(digest)) {
    const read = await reader.manifest(tag)
    if (read === undefined) continue
    found.push(...candidatesOfTag(read.manifest).map((one) => ({ ...one, manifest: read.digest })))
  }
  return found
}

function foundOf({
  key,
  entry,
  verdict,
}: VerifiedCandidate & { readonly key: string }): FoundVerdict {
  const { result, reason, identity, keyId, validUntil } = verdict
  return { key, entry, result, reason, identity, keyId, validUntil }
}

function absent(digest: string): CandidateVerdict {
  const detail = `layer ${digest} is not there, or too large`
  return unverified('unknown', { reason: 'blob-missing', detail }, true)
}
