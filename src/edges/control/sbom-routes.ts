// Bills of materials: of an image of the registry, and of an archive or a directory that is sent.
import type { Readable } from 'node:stream'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import {
  refused,
  type ControlCall,
  type ControlReply,
  type ControlRoute,
  repositoryIn,
} from './route.ts'

type SbomFormat = 'cyclonedx' | 'spdx'

interface Options {
  readonly signal: AbortSignal
}

export interface SbomRooms {
  /** The document; undefined where the repository has no such manifest. */
  readonly describeSbom: (input: {
    readonly repository: { readonly account: AccountId; readonly name: RepositoryName }
    readonly digest: Digest
    readonly platform: string | undefined
    readonly format: SbomFormat
    readonly withFindings: boolean
  }) => Promise<string | undefined>
  /** Undefined where the repository has no such manifest. */
  readonly compareSbom: (input: {
    readonly repository: { readonly account: AccountId; readonly name: RepositoryName }
    readonly digest: Digest
    readonly platform: string | undefined
    readonly document: Readable
  }) => Promise<unknown>
  readonly sbomsOfArchive: (
    input: {
      readonly account: AccountId
      readonly kind: 'rootfs' | 'archive'
      readonly body: Readable
      readonly name: string
      readonly format: SbomFormat
      readonly withFindings: boolean
    },
    options: Options,
  ) => Promise<unknown>
}

const mediaTypes: Readonly<Record<SbomFormat, string>> = {
  cyclonedx: 'application/vnd.cyclonedx+json; version=1.6',
  spdx: 'application/spdx+json',
}

export const sbomRoutes: readonly ControlRoute<SbomRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/sboms',
    action: 'pratique:GetSbom',
    isOfAccount: true,
    resources: repositoryIn,
    run: (rooms, call) => describe(rooms, call, false),
  },
  {
    // Findings are told to whom may ask for them: who may list packages may not for that reason.
    method: 'GET',
    path: '/pratique/v1/sboms/with-findings',
    action: 'pratique:GetSbomWithFindings',
    isOfAccount: true,
    resources: repositoryIn,
    run: (rooms, call) => describe(rooms, call, true),
  },
  {
    // Tells what is in the image, as the document does that is written of it.
    method: 'POST',
    path: '/pratique/v1/sboms/comparison',
    action: 'pratique:GetSbom',
    isOfAccount: true,
    resources: repositoryIn,
    run: compare,
  },
  {
    method: 'POST',
    path: '/pratique/v1/sboms',
    action: 'pratique:ScanArchive',
    isOfAccount: true,
    run: async (rooms, { account, query, body, signal }) => {
      const kind = query.get('kind')
      if (kind !== 'rootfs' && kind !== 'archive') return refused('kind must be rootfs or archive')
      const format = formatIn(query)
      if (format === undefined) return refused(wrongFormat)
      const name = (query.get('name') ?? kind).slice(0, 300)
      const withFindings = query.get('findings') === 'true'
      if (withFindings && format === 'spdx') return refused(noPlace)
      const input = { account, kind, body, name, format, withFindings } as const
      return { kind: 'json', value: { documents: await rooms.sbomsOfArchive(input, { signal }) } }
    },
  },
]

const wrongFormat = 'format must be cyclonedx or spdx'
const noPlace = 'SPDX 2.3 has no place for findings: ask for cyclonedx'

interface AskedImage {
  readonly repository: { readonly account: AccountId; readonly name: RepositoryName }
  readonly digest: Digest
  readonly platform: string | undefined
}

/** Or what is wrong with the query. */
function imageIn({ account, query }: ControlCall): AskedImage | string {
  const name = parseRepositoryName(query.get('repository') ?? '')
  if (name === undefined) return 'repository must be the name of a repository'
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest === undefined) return 'digest must be that of an image: sha256:…'
  return { repository: { account, name }, digest, platform: query.get('platform') ?? undefined }
}

async function compare(rooms: SbomRooms, call: ControlCall): Promise<ControlReply> {
  const image = imageIn(call)
  if (typeof image === 'string') return refused(image)
  const value = await rooms.compareSbom({ ...image, document: call.body })
  return value === undefined ? unknownImage(image) : { kind: 'json', value }
}

function unknownImage({ repository, digest }: AskedImage): ControlReply {
  const message = `repository ${repository.name} has no image ${digest}`
  return { kind: 'refused', status: 404, code: 'MANIFEST_UNKNOWN', message }
}

async function describe(
  rooms: SbomRooms,
  call: ControlCall,
  withFindings: boolean,
): Promise<ControlReply> {
  const image = imageIn(call)
  if (typeof image === 'string') return refused(image)
  const format = formatIn(call.query)
  if (format === undefined) return refused(wrongFormat)
  if (withFindings && format === 'spdx') return refused(noPlace)
  const document = await rooms.describeSbom({ ...image, format, withFindings })
  if (document !== undefined) {
    const pieces = onePiece(Buffer.from(document))
    return { kind: 'bytes', type: mediaTypes[format], pieces }
  }
  return unknownImage(image)
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

function formatIn(query: URLSearchParams): SbomFormat | undefined {
  const format = query.get('format') ?? 'cyclonedx'
  return format === 'cyclonedx' || format === 'spdx' ? format : undefined
}
