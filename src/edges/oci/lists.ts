import type { Digest } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { listReferrers } from '../../registry/list-referrers.ts'
import { listTags } from '../../registry/list-tags.ts'
import type { ReferrerCursor } from '../../registry/referrer-page.ts'
import type { Referrer } from '../../registry/referrer-store.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { listVisible, type VisibleDeps } from '../visible-repositories.ts'
import type { OciCall, OciReply } from './call.ts'
import type { OciError } from './errors.ts'

interface Deps {
  readonly reader: SqlReader
}

/** An asked-for page is clamped to this; without `n` all tags are sent, as the specification's clients expect. */
const maxPage = 10_000

export type ListReply = OciReply | { readonly refused: OciError }

export async function tagsList(deps: Deps, call: OciCall): Promise<ListReply> {
  const n = pageSize(call.query)
  if (typeof n === 'object') return n
  const after = call.query.get('last') ?? ''
  const limit = n ?? Number.MAX_SAFE_INTEGER - 1
  const { tags, hasMore } = await listTags(deps.reader, {
    repository: call.repository,
    after,
    limit,
  })
  const last = tags.at(-1)
  const link =
    hasMore && last !== undefined
      ? linkTo(`/v2/${call.writtenName}/tags/list?n=${limit}&last=${encodeURIComponent(last)}`)
      : {}
  const body = JSON.stringify({ name: call.writtenName, tags })
  return { status: 200, headers: { 'content-type': 'application/json', ...link }, body }
}

/** Docker's catalog, which user interfaces still ask for: the repositories that the caller may see. */
export async function catalog(
  deps: VisibleDeps,
  account: AccountId,
  query: URLSearchParams,
): Promise<ListReply> {
  const n = pageSize(query)
  if (typeof n === 'object') return n
  const limit = Math.min(n ?? 1000, 1000)
  const after = query.get('last') ?? ''
  const { names, hasMore } = await listVisible(deps, account, { after, limit })
  const last = names.at(-1)
  const link =
    hasMore && last !== undefined
      ? linkTo(`/v2/_catalog?n=${limit}&last=${encodeURIComponent(last)}`)
      : {}
  const headers = { 'content-type': 'application/json', ...link }
  return { status: 200, headers, body: JSON.stringify({ repositories: names }) }
}

/** An index of what refers to the digest; empty, never 404, for what is not there. */
export async function referrersList(
  deps: Deps,
  call: OciCall,
  subject: Digest,
): Promise<ListReply> {
  const n = pageSize(call.query)
  if (typeof n === 'object') return n
  const [asked = '', ...more] = call.query.getAll('artifactType')
  if (more.length > 0) return repeatedFilter
  // An empty filter is none: then no header says that one was applied.
  const artifactType = asked === '' ? undefined : asked
  const before = readCursor(call.query.get('next'))
  const { repository } = call
  const page = await listReferrers(deps.reader, {
    repository,
    subject,
    artifactType,
    before,
    limit: n,
  })
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: page.referrers.map(descriptorOf),
  }
  const size = n === undefined ? '' : `&n=${n}`
  const filter =
    artifactType === undefined ? '' : `&artifactType=${encodeURIComponent(artifactType)}`
  const link =
    page.next === undefined
      ? {}
      : linkTo(
          `/v2/${call.writtenName}/referrers/${subject}?next=${page.next.pushedAt}.${page.next.digest}${size}${filter}`,
        )
  return {
    status: 200,
    headers: {
      'content-type': mediaTypes.ociIndex,
      ...(artifactType === undefined ? {} : { 'oci-filters-applied': 'artifactType' }),
      ...link,
    },
    body: JSON.stringify(index),
  }
}

function descriptorOf(referrer: Referrer): Readonly<Record<string, unknown>> {
  const { annotations } = referrer
  const parsed: unknown = annotations === undefined ? undefined : JSON.parse(annotations)
  return {
    mediaType: referrer.mediaType,
    digest: referrer.digest,
    size: referrer.size,
    ...(referrer.artifactType === undefined ? {} : { artifactType: referrer.artifactType }),
    ...(parsed === undefined ? {} : { annotations: parsed }),
  }
}

const repeatedFilter: ListReply = {
  refused: {
    status: 400,
    code: 'UNSUPPORTED',
    message: 'artifactType is given more than once: ask once for each type, or for all',
  },
}

function pageSize(query: URLSearchParams): number | undefined | { readonly refused: OciError } {
  const [text, ...more] = query.getAll('n')
  if (text === undefined) return undefined
  if (more.length === 0 && /^[0-9]{1,9}$/.test(text)) return Math.min(Number(text), maxPage)
  const message = `n is ${JSON.stringify(text.slice(0, 32))}; expected one whole number from 0`
  return { refused: { status: 400, code: 'PAGINATION_NUMBER_INVALID', message } }
}

/** A cursor that we did not write starts the list again: it is a position, not a right. */
function readCursor(text: string | null): ReferrerCursor | undefined {
  const match = /^([0-9]{1,15})\.(.+)$/.exec(text ?? '')
  const [, pushedAt, digest] = match ?? []
  return pushedAt === undefined || digest === undefined
    ? undefined
    : { pushedAt: Number(pushedAt), digest }
}

function linkTo(path: string): { readonly link: string } {
  return { link: `<${path}>; rel="next"` }
}
