// A repository with a trust policy, signatures that say themselves what they are worth, and the jobs that weigh them.
import { generateKeyPairSync } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { JobHandler } from '../../src/jobs/worker.ts'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { parseTag } from '../../src/oci/tag.ts'
import { configureTagMutability } from '../../src/registry/configure-repository.ts'
import { deleteManifest, deleteTag } from '../../src/registry/delete-manifest.ts'
import { imagePushedJob, referrersChangedJob } from '../../src/registry/events.ts'
import { openImageContent } from '../../src/registry/open-image-content.ts'
import { putManifest } from '../../src/registry/put-manifest.ts'
import { getRepository } from '../../src/registry/repository-store.ts'
import { isRecord } from '../../src/oci/descriptor.ts'
import { evaluateSubject } from '../../src/trust/evaluate-subject.ts'
import type { EvaluationDeps } from '../../src/trust/judge-subject.ts'
import {
  reevaluateTrustJob,
  renewEvidenceJob,
  subjectOfJob,
} from '../../src/trust/evaluation-jobs.ts'
import { putTrustMaterial } from '../../src/trust/put-trust-material.ts'
import { putTrustPolicy, type ChangedTrust } from '../../src/trust/put-trust-policy.ts'
import { readEvidence, type ReadEvidence } from '../../src/trust/read-evidence.ts'
import { reevaluateTrust, renewEvidence } from '../../src/trust/reevaluate-trust.ts'
import type { CandidateVerdict, VerifierInput } from '../../src/trust/rules/verifier.ts'
import { runJobs } from './jobs.ts'
import { testRegistry, type TestRegistry } from './registry.ts'
import { push } from './uploads.ts'

export const signer = 'arn:aws:iam::123456789012:user/ci'
export const administrator = 'arn:aws:iam::123456789012:user/admin'

export interface TrustPlaceKit extends TestRegistry, EvaluationDeps {
  readonly clock: TestRegistry['clock']
  readonly database: TestRegistry['database']
  readonly repositoryId: number
  readonly handlers: Readonly<Record<string, JobHandler>>
}

export async function trustPlace(t: TestContext): Promise<TrustPlaceKit> {
  const registry = await testRegistry(t)
  const { database, blobs, repository } = registry
  await configureTagMutability(database, { repository, tagMutability: 'MUTABLE' })
  const { id: repositoryId } = await getRepository(database, repository)
  const deps: EvaluationDeps = {
    ...registry,
    contentOf: (id) => openImageContent({ reader: database, blobs }, id),
    verifier: tellingVerifier,
    place: { region: 'eu-west-1', hostsOf: () => ['registry.example'] },
    engineRevision: 'test',
  }
  return {
    ...registry,
    ...deps,
    clock: registry.clock,
    database,
    repositoryId,
    handlers: handlersOf(deps),
  }
}

export function handlersOf(deps: EvaluationDeps): Readonly<Record<string, JobHandler>> {
  return {
    [imagePushedJob]: () => Promise.resolve(),
    [referrersChangedJob]: (input, options) => evaluateSubject(deps, subjectOfJob(input), options),
    [reevaluateTrustJob]: (input, options) => reevaluateTrust(deps, input, options),
    [renewEvidenceJob]: (_, options) => renewEvidence(deps, options),
  }
}

/** What a signature of these tests says of itself. */
export interface ToldSignature {
  /** The name of the key that it is made with. */
  readonly key: string
  readonly identity?: string
  readonly result?: CandidateVerdict['result']
  readonly reason?: CandidateVerdict['reason']
  readonly validUntil?: number
  /** It is a statement, and no signature. */
  readonly predicateType?: string
  readonly builder?: string
}

/** Believes what a signature says of itself, where the policy names its key and the subject is the right one. */
export function tellingVerifier({
  candidate,
  subject,
  entry,
  material,
  now,
}: VerifierInput): CandidateVerdict {
  const value: unknown = JSON.parse(Buffer.from(candidate.content).toString())
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what signatureText wrote
  const told = value as ToldSignature & { readonly subject: string }
  const { key, identity = key, predicateType, builder } = told
  const isSignature = predicateType === undefined
  const statement =
    predicateType === undefined
      ? {}
      : {
          statement: {
            predicateType,
            predicateDigest: 'd',
            extracted: builder === undefined ? {} : { builder },
          },
        }
  const common = { checks: [], isSignature }
  if (!isRecord(value)) return { ...common, result: 'invalid', reason: 'malformed' }
  if (told.subject !== subject.digest)
    return { ...common, result: 'invalid', reason: 'subject-mismatch' }
  if (told.result !== undefined && told.result !== 'verified')
    return { ...common, result: told.result, ...(told.reason && { reason: told.reason }) }
  const known = material.keys.get(key)
  if (entry.kind !== 'cosignKey' || !entry.keys.includes(key) || known === undefined)
    return { ...common, result: 'untrusted', reason: 'identity-mismatch' }
  if (known.revokedFrom !== undefined && known.revokedFrom <= now)
    return { ...common, result: 'revoked', reason: 'revoked' }
  const ends = [told.validUntil, known.validUntil].filter((one) => one !== undefined)
  const end = Math.min(...ends)
  if (end <= now) return { ...common, result: 'expired', reason: 'signature-expired' }
  return {
    ...common,
    ...statement,
    result: 'verified',
    identity,
    keyId: known.fingerprint,
    ...(ends.length === 0 ? {} : { validUntil: end }),
  }
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const empty = Buffer.from('{}')

async function putDocument(
  place: TestRegistry,
  document: object,
  { tags = [], by = signer }: { readonly tags?: readonly string[]; readonly by?: string } = {},
): Promise<Digest> {
  const { digest } = await putManifest(place, {
    repository: place.repository,
    bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, ...document })),
    mediaType: undefined,
    digest: undefined,
    tags: tags.flatMap((tag) => parseTag(tag) ?? []),
    principal: by,
    ifPresent: 'accept',
  })
  return digest
}

/** The digest that `pushImage` stores under. */
export function imageDigest(name: string): Digest {
  return digestOf(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, ...imageOf(name) })),
  )
}

function imageOf(name: string): object {
  const config = Buffer.from(JSON.stringify({ name }))
  return {
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.byteLength,
    },
    layers: [],
  }
}

export async function pushImage(
  place: TestRegistry,
  name: string,
  tags: readonly string[] = [],
): Promise<Digest> {
  await push(place, Buffer.from(JSON.stringify({ name })))
  return putDocument(place, imageOf(name), { tags })
}

/** An image with a file system that says it is something else: members of its manifest. */
export async function pushDisguised(
  place: TestRegistry,
  name: string,
  members: object,
): Promise<Digest> {
  const layer = Buffer.from(`layer of ${name}`)
  await push(place, Buffer.from(JSON.stringify({ name })))
  await push(place, layer)
  const mediaType = 'application/vnd.oci.image.layer.v1.tar'
  const layers = [{ mediaType, digest: digestOf(layer), size: layer.byteLength }]
  return putDocument(place, { ...imageOf(name), layers, ...members })
}

/** `architectures`: of the children, in their order; all of Linux. */
export async function pushIndex(
  place: TestRegistry,
  children: readonly Digest[],
  architectures: readonly string[] = [],
): Promise<Digest> {
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const manifests = children.map((digest, at) => {
    const architecture = architectures[at]
    const platform = architecture === undefined ? {} : { platform: { os: 'linux', architecture } }
    return { mediaType: ociManifest, digest, size: 1, ...platform }
  })
  return putDocument(place, { mediaType, manifests })
}

function signatureText(subject: Digest, told: ToldSignature): Buffer {
  return Buffer.from(JSON.stringify({ ...told, subject }))
}

/** As a referrer, the way cosign 3 does. */
export async function pushSignature(
  place: TestRegistry,
  subject: Digest,
  told: ToldSignature,
  { by = signer, note }: { readonly by?: string; readonly note?: number } = {},
): Promise<Digest> {
  const content = signatureText(subject, told)
  // With a note only the first has to bring the bytes.
  if (note === undefined || note === 0) {
    await push(place, content)
    await push(place, empty)
  }
  const document = {
    artifactType: bundleType,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(empty), size: 2 },
    layers: [{ mediaType: bundleType, digest: digestOf(content), size: content.byteLength }],
    subject: { mediaType: ociManifest, digest: subject, size: 1 },
    ...(note === undefined ? {} : { annotations: { note: String(note) } }),
  }
  return putDocument(place, document, { by })
}

/** All signatures of an image in one manifest under a tag, the way older cosign does. */
export async function pushSignatureTag(
  place: TestRegistry,
  subject: Digest,
  all: readonly ToldSignature[],
  { suffix = 'sig', by = signer }: { readonly suffix?: 'sig' | 'att'; readonly by?: string } = {},
): Promise<Digest> {
  const layers = []
  for (const told of all) {
    const content = signatureText(subject, told)
    await push(place, content)
    layers.push({
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      digest: digestOf(content),
      size: content.byteLength,
      annotations: { 'dev.cosignproject.cosign/signature': told.key },
    })
  }
  const config = Buffer.from(JSON.stringify({ all }))
  await push(place, config)
  const document = {
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.byteLength,
    },
    layers,
  }
  return putDocument(place, document, { tags: [`${subject.replace(':', '-')}.${suffix}`], by })
}

export async function removeManifest(place: TestRegistry, digest: Digest): Promise<void> {
  const { repository } = place
  await deleteManifest(place, { repository, digest, principal: administrator, referrers: 'keep' })
}

export async function removeTag(place: TestRegistry, text: string): Promise<void> {
  const tag = parseTag(text)
  if (tag === undefined) throw new Error(`${text} is no tag`)
  const { repository } = place
  await deleteTag(place, { repository, tag, principal: administrator, whenLast: 'keep-image' })
}

/** One key for all tests: their signatures are not made with it. */
const pems = new Map<string, string>()

export function keyPem(name: string): string {
  const known = pems.get(name)
  if (known !== undefined) return known
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  pems.set(name, pem)
  return pem
}

export async function addKey(
  place: TestRegistry,
  name: string,
  window: Partial<{ readonly validUntil: number; readonly revokedFrom: number }> = {},
): Promise<ChangedTrust> {
  return putTrustMaterial(place, {
    account: place.repository.account,
    reference: { kind: 'key', name },
    text: keyPem(name),
    window: { validFrom: undefined, validUntil: undefined, revokedFrom: undefined, ...window },
    by: administrator,
  })
}

/** Of keys that are added where they are not there. */
export function policyText(name: string, keys: readonly string[], members: object = {}): string {
  const accept = keys.map((key) => ({ id: key, cosignKey: { key } }))
  return JSON.stringify({ version: 1, name, repositories: ['*'], accept, ...members })
}

export async function putPolicy(
  place: TestRegistry,
  name: string,
  keys: readonly string[],
  members: object = {},
): Promise<ChangedTrust> {
  const { account } = place.repository
  return putTrustPolicy(place, {
    account,
    text: policyText(name, keys, members),
    by: administrator,
  })
}

/** Works off what waits. */
export async function settle(place: TrustPlaceKit): Promise<readonly string[]> {
  return runJobs(place, place.handlers)
}

export async function evidenceOf(
  { database, place, repository, clock }: TrustPlaceKit,
  digest: Digest,
  policy = 'release',
): Promise<ReadEvidence> {
  const asked = { account: repository.account, repository: repository.name, digest, policy }
  return readEvidence({ reader: database, place }, asked, clock.now().getTime())
}

/** `verified` or `untrusted: identity-mismatch`. */
export async function sayEvidence(
  place: TrustPlaceKit,
  digest: Digest,
  policy = 'release',
): Promise<string> {
  const { result, reason } = await evidenceOf(place, digest, policy)
  return reason === undefined ? result : `${result}: ${reason}`
}
