// Purpose:  push a document as an artifact that refers to an image.
// Spec:     OCI distribution-spec "Pushing Manifests with Subject"; image-spec manifest.md, "Guidelines for Artifact Usage".
// Input:    the document, and the image it is about.
// Deviates: nothing.
// Unknowns: a registry that refuses a step ends the push; what came before it is collected there as any unfinished push.
import { createHash } from 'node:crypto'
import { exitCodes, explain, Failure } from './failure.ts'
import type { Target } from './gate/findings.ts'
import { fetchManifests, withPulls } from './fetch-manifests.ts'
import { authorizationToken, type Session } from './session.ts'

export interface AttachedDocument {
  readonly text: string
  /** Of the document, and so of the artifact. */
  readonly mediaType: string
  /** When what the document tells was found out: the same document makes the same artifact. */
  readonly createdAt: string
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const emptyConfig = { type: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') }

/** The digest of the artifact's manifest. Needs what a push needs: the ordinary rights, no others. */
export async function pushReferrer(
  session: Session,
  target: Target,
  { text, mediaType, createdAt }: AttachedDocument,
): Promise<string> {
  const { subject, registryId } = await describeSubject(session, target)
  const push = await openPush(session, `${registryId}/${target.repository}`)
  const document = Buffer.from(text)
  for (const bytes of [emptyConfig.bytes, document]) await push.blob(bytes)
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: mediaType,
    config: describe(emptyConfig.bytes, emptyConfig.type),
    layers: [describe(document, mediaType)],
    subject,
    annotations: {
      'org.opencontainers.image.created': createdAt,
      // What this registry wrote itself is no evidence of anything: it is never read as input.
      'dev.pratique.generated': 'true',
    },
  }
  return push.manifest(Buffer.from(JSON.stringify(manifest)))
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The manifest that is to be referred to, as the registry has it. */
export async function describeSubject(
  session: Session,
  { repository: repositoryName, digest }: Pick<Target, 'repository' | 'digest'>,
): Promise<{ readonly subject: Descriptor; readonly registryId: string }> {
  const [image] = await fetchManifests(withPulls(session, true), {
    repositoryName,
    digests: [digest],
  })
  const { imageManifest, imageManifestMediaType: mediaType, registryId } = image ?? {}
  if (imageManifest === undefined || mediaType === undefined || registryId === undefined)
    throw new Failure(exitCodes.notFound, `${repositoryName}@${digest} does not exist`)
  return { subject: { mediaType, digest, size: Buffer.byteLength(imageManifest) }, registryId }
}

interface Push {
  blob(bytes: Uint8Array): Promise<void>
  manifest(bytes: Uint8Array): Promise<string>
}

export async function openPush(session: Session, repository: string): Promise<Push> {
  const { password, registry } = await authorizationToken(session)
  const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
  const send = async (
    method: 'POST' | 'PUT',
    path: string,
    { type, bytes }: { readonly type: string; readonly bytes: Uint8Array },
  ): Promise<void> => {
    const headers = { authorization, 'content-type': type }
    const url = `${registry}/v2/${repository}/${path}`
    try {
      const response = await fetch(url, {
        method,
        headers,
        body: new Blob([new Uint8Array(bytes)]),
      })
      if (response.status !== 201) throw await refusalOf(response)
    } catch (error) {
      throw explain(error, session.name)
    }
  }
  return {
    async blob(bytes) {
      const path = `blobs/uploads/?digest=${digestOf(bytes)}`
      await send('POST', path, { type: 'application/octet-stream', bytes })
    },
    async manifest(bytes) {
      const digest = digestOf(bytes)
      await send('PUT', `manifests/${digest}`, { type: manifestType, bytes })
      return digest
    },
  }
}

async function refusalOf(response: Response): Promise<Failure> {
  const text = (await response.text()).slice(0, 1000)
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  const isDenied = response.status === 401 || response.status === 403
  const exitCode = isDenied ? exitCodes.notAllowed : exitCodes.error
  return new Failure(exitCode, `the push was refused with ${response.status}: ${message ?? text}`)
}
