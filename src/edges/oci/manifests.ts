import type { Caller } from '../../access/caller.ts'
import type { Clock } from '../../lib/clock.ts'
import { readAll } from '../../lib/read-all.ts'
import { maxManifestBytes } from '../../oci/manifest.ts'
import type { Reference } from '../../oci/reference.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { deleteManifest, deleteTag } from '../../registry/delete-manifest.ts'
import { registryError } from '../../registry/errors.ts'
import { getManifest, getManifestSummary, recordPull } from '../../registry/find-manifest.ts'
import type { PushWitness } from '../../registry/gates.ts'
import type { ManifestSummary } from '../../registry/manifest-store.ts'
import { putManifest } from '../../registry/put-manifest.ts'
import { getRepository } from '../../registry/repository-store.ts'
import { tellPullThrough } from '../../replication/tell-pull-through.ts'
import type { Database } from '../../storage/database/database.ts'
import type { PullGuard } from '../../admission/gate-pull.ts'
import type { OciCall, OciReply } from './call.ts'
import { Refusal } from './refusal.ts'
import { isNotModified, preconditionOf } from './conditional.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly gatePull: PullGuard
  /** Told after a push has been committed: scans need not wait for the next look. */
  readonly onPush: () => void
  readonly witnessPush: (caller: Caller) => PushWitness
}

/** As many as fit the header limits of the proxies that people put in front. */
const maxTagParameters = 46

export async function headManifest(
  deps: Deps,
  call: OciCall,
  reference: Reference,
): Promise<OciReply> {
  const { repository } = call
  const manifest = await getManifestSummary(deps.database, { repository, reference })
  const headers = headersOf(manifest, reference)
  if (isNotModified(call.header('if-none-match'), manifest.digest)) return { status: 304, headers }
  return { status: 200, headers: { ...headers, 'content-length': String(manifest.size) } }
}

/** The bytes as pushed; Accept is advice and never makes us convert. */
export async function pullManifest(
  deps: Deps,
  call: OciCall,
  reference: Reference,
): Promise<OciReply> {
  const { repository } = call
  const manifest = await getManifest(deps.database, { repository, reference }).catch(
    async (error: unknown) => {
      throw await tellPullThrough(deps.database, repository, error)
    },
  )
  await requirePullable(deps, call, reference)
  const headers = headersOf(manifest, reference)
  if (isNotModified(call.header('if-none-match'), manifest.digest)) return { status: 304, headers }
  const { requester } = call.caller
  await recordPull(deps, manifest, { account: repository.account, requester })
  const { buffer, byteOffset, byteLength } = manifest.bytes
  return { status: 200, headers, body: Buffer.from(buffer, byteOffset, byteLength) }
}

/** HEAD is not gated: clients ask it for what they have, and it gives nothing away. */
async function requirePullable(
  { gatePull }: Pick<Deps, 'gatePull'>,
  { repository, passesPullGate }: OciCall,
  reference: Reference,
): Promise<void> {
  const refusal = await gatePull({ repository, reference, passes: passesPullGate })
  if (refusal === undefined) return
  const { message, reasons } = refusal
  throw new Refusal({ status: 403, code: 'DENIED', message, detail: { reasons } })
}

export async function pushManifest(
  deps: Deps,
  call: OciCall,
  reference: Reference,
): Promise<OciReply> {
  const { repository } = call
  const extraTags = reference.kind === 'digest' ? tagParameters(call.query) : []
  // Whose repository is not there, or who says that it is too much, need not send it.
  await getRepository(deps.database, repository)
  const isTooMuch = Number(call.header('content-length') ?? 0) > maxManifestBytes
  const bytes = isTooMuch ? undefined : await readAll(call.body, maxManifestBytes)
  if (bytes === undefined) {
    const message = `the manifest has more than ${maxManifestBytes} bytes`
    throw registryError('MANIFEST_TOO_LARGE', message, { maxManifestBytes })
  }
  const precondition = preconditionOf(call.header)
  const put = await putManifest(deps, {
    repository,
    bytes,
    mediaType: call.header('content-type'),
    digest: reference.kind === 'digest' ? reference.digest : undefined,
    tags: reference.kind === 'tag' ? [reference.tag] : extraTags,
    principal: call.caller.principalArn,
    ifPresent: 'accept',
    gate: call.stillAllowed,
    witness: deps.witnessPush(call.caller),
    ...(precondition === undefined ? {} : { precondition }),
  })
  deps.onPush()
  return {
    status: 201,
    headers: {
      location: `/v2/${call.writtenName}/manifests/${put.digest}`,
      'docker-content-digest': put.digest,
      'content-length': '0',
      ...(put.subject === undefined ? {} : { 'oci-subject': put.subject }),
      ...(extraTags.length === 0 ? {} : { 'oci-tag': extraTags.join(', ') }),
    },
  }
}

/** distribution-spec main: `PUT …/manifests/<digest>?tag=a&tag=b`. One bad tag refuses the request. */
function tagParameters(query: URLSearchParams): readonly Tag[] {
  const texts = [...new Set(query.getAll('tag'))]
  if (texts.length > maxTagParameters) {
    const message = `at most ${maxTagParameters} tags may be given in one request, here are ${texts.length}`
    throw registryError('IMAGE_TAGS_TOO_MANY', message, { maxTagParameters })
  }
  return texts.map((text) => {
    const tag = parseTag(text)
    if (tag === undefined)
      throw registryError('MANIFEST_INVALID', `${JSON.stringify(text.slice(0, 200))} is not a tag`)
    return tag
  })
}

export async function removeManifest(
  deps: Deps,
  call: OciCall,
  reference: Reference,
): Promise<OciReply> {
  const { repository } = call
  const principal = call.caller.principalArn
  if (reference.kind === 'tag') {
    await deleteTag(deps, { repository, principal, tag: reference.tag, whenLast: 'keep-image' })
  } else {
    const { digest } = reference
    await deleteManifest(deps, { repository, principal, digest, referrers: 'keep' })
  }
  return { status: 202, headers: { 'content-length': '0' } }
}

function headersOf(
  manifest: ManifestSummary,
  reference: Reference,
): Readonly<Record<string, string>> {
  return {
    'content-type': manifest.mediaType,
    'docker-content-digest': manifest.digest,
    etag: `"${manifest.digest}"`,
    'cache-control':
      reference.kind === 'digest' ? 'private, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
  }
}
