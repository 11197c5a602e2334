// Every endpoint of /v2: method, IAM actions that are needed, and what answers. A row without an action does not compile.
import { imageKeys, type RequestKeys } from '../../access/request-context.ts'
import type { ScopeAction } from '../../access/rules/scope.ts'
import type { V2Path } from './path.ts'
import type { OciCall, OciReply } from './call.ts'
import { pullBlob, headBlob } from './pull-blob.ts'
import { repositoryExtensions } from './extensions.ts'
import { headManifest, pullManifest, pushManifest, removeManifest } from './manifests.ts'
import { referrersList, tagsList, type ListReply } from './lists.ts'
import { abandonUpload, beginUpload, closeUpload, continueUpload, uploadStatus } from './uploads.ts'
import { deleteBlob } from '../../registry/delete-blob.ts'

export type EcrAction = `ecr:${string}`

/** What the handlers of this edge use, all together; each takes the part it names. */
export type OciDeps = Parameters<typeof beginUpload>[0] &
  Parameters<typeof pushManifest>[0] &
  Parameters<typeof pullBlob>[0]

type PathOf<K extends V2Path['kind']> = Extract<V2Path, { readonly kind: K }>

export interface OciRoute {
  readonly method: string
  readonly path: V2Path['kind']
  /** What a token must cover on the repository, beside the rights of its owner. */
  readonly scope: ScopeAction
  /** All of them must be allowed on the repository before the body is read. */
  readonly actions: (
    call: Pick<OciCall, 'query' | 'hasBody'>,
  ) => readonly [EcrAction, ...EcrAction[]]
  /** Opens the row as well, where its action is denied by nobody but granted by nobody either. */
  readonly alsoBy: EcrAction | undefined
  /** Whether it stores something, so that a template may make the repository for it. */
  readonly makesRepository: boolean
  /** Condition keys of the request. */
  readonly keys: (
    header: OciCall['header'],
    path: V2Path,
    query: URLSearchParams,
  ) => RequestKeys | undefined
  /** Condition keys that only the body tells, in lower case: asked for again when it has come. */
  readonly unknownKeys: ReadonlySet<string>
  readonly run: (deps: OciDeps, call: OciCall, path: V2Path) => Promise<ListReply>
}

function route<K extends V2Path['kind']>(row: {
  readonly method: string
  readonly path: K
  readonly scope: ScopeAction
  readonly actions: OciRoute['actions'] | EcrAction
  readonly alsoBy?: EcrAction
  readonly makesRepository?: boolean
  readonly unknownKeys?: readonly string[]
  readonly run: (deps: OciDeps, call: OciCall, path: PathOf<K>) => Promise<ListReply>
}): OciRoute {
  const { method, path: kind, scope, actions, alsoBy, unknownKeys = [], run } = row
  return {
    method,
    path: kind,
    scope,
    actions: typeof actions === 'string' ? () => [actions] : actions,
    alsoBy,
    makesRepository: row.makesRepository ?? false,
    keys: kind === 'manifest' ? manifestKeys : noKeys,
    unknownKeys: new Set(unknownKeys),
    run: (deps, call, path) => {
      if (!isKind(path, kind)) throw new Error(`route of ${kind} was given ${path.kind}`)
      return run(deps, call, path)
    },
  }
}

const noKeys = (): undefined => undefined

/** `pratique:Tag`, `pratique:Digest` and `pratique:MediaType`, as far as the request says them. */
function manifestKeys(
  header: OciCall['header'],
  path: V2Path,
  query: URLSearchParams,
): RequestKeys | undefined {
  if (path.kind !== 'manifest') return undefined
  const { reference } = path
  const tags = reference.kind === 'tag' ? [reference.tag] : query.getAll('tag')
  const digests = reference.kind === 'digest' ? [reference.digest] : []
  return imageKeys({ tags, digests, mediaType: header('content-type') })
}

function isKind<K extends V2Path['kind']>(path: V2Path, kind: K): path is PathOf<K> {
  return path.kind === kind
}

export const ociRoutes: readonly OciRoute[] = [
  route({
    method: 'HEAD',
    path: 'blob',
    scope: 'pull',
    actions: 'ecr:BatchCheckLayerAvailability',
    // AWS's policy for those who only pull does not have the first.
    alsoBy: 'ecr:GetDownloadUrlForLayer',
    run: (deps, call, { digest }) => headBlob(deps, call, digest),
  }),
  route({
    method: 'GET',
    path: 'blob',
    scope: 'pull',
    actions: 'ecr:GetDownloadUrlForLayer',
    run: (deps, call, { digest }) => pullBlob(deps, call, digest),
  }),
  route({
    method: 'DELETE',
    path: 'blob',
    scope: 'delete',
    actions: 'ecr:BatchDeleteImage',
    run: async (deps, { repository }, { digest }): Promise<OciReply> => {
      await deleteBlob(deps, { repository, digest })
      return { status: 202, headers: { 'content-length': '0' } }
    },
  }),
  route({
    method: 'HEAD',
    path: 'manifest',
    scope: 'pull',
    actions: 'ecr:BatchGetImage',
    run: (deps, call, { reference }) => headManifest(deps, call, reference),
  }),
  route({
    method: 'GET',
    path: 'manifest',
    scope: 'pull',
    actions: 'ecr:BatchGetImage',
    run: (deps, call, { reference }) => pullManifest(deps, call, reference),
  }),
  route({
    method: 'PUT',
    path: 'manifest',
    scope: 'push',
    actions: 'ecr:PutImage',
    makesRepository: true,
    unknownKeys: ['pratique:artifacttype'],
    run: (deps, call, { reference }) => pushManifest(deps, call, reference),
  }),
  route({
    method: 'DELETE',
    path: 'manifest',
    scope: 'delete',
    actions: 'ecr:BatchDeleteImage',
    run: (deps, call, { reference }) => removeManifest(deps, call, reference),
  }),
  route({
    method: 'POST',
    path: 'uploads',
    scope: 'push',
    actions: actionsToBegin,
    makesRepository: true,
    run: beginUpload,
  }),
  route({
    method: 'GET',
    path: 'upload',
    scope: 'push',
    actions: 'ecr:UploadLayerPart',
    run: (deps, call, { uploadId }) => uploadStatus(deps, call, uploadId),
  }),
  route({
    method: 'PATCH',
    path: 'upload',
    scope: 'push',
    actions: 'ecr:UploadLayerPart',
    run: (deps, call, { uploadId }) => continueUpload(deps, call, uploadId),
  }),
  route({
    method: 'PUT',
    path: 'upload',
    scope: 'push',
    actions: ({ hasBody }) =>
      hasBody ? ['ecr:CompleteLayerUpload', 'ecr:UploadLayerPart'] : ['ecr:CompleteLayerUpload'],
    run: (deps, call, { uploadId }) => closeUpload(deps, call, uploadId),
  }),
  route({
    method: 'DELETE',
    path: 'upload',
    scope: 'push',
    actions: 'ecr:InitiateLayerUpload',
    alsoBy: 'ecr:BatchDeleteImage',
    run: (deps, call, { uploadId }) => abandonUpload(deps, call, uploadId),
  }),
  route({ method: 'GET', path: 'tags', scope: 'pull', actions: 'ecr:ListImages', run: tagsList }),
  route({
    method: 'GET',
    path: 'referrers',
    scope: 'pull',
    actions: 'ecr:BatchGetImage',
    run: (deps, call, { digest }) => referrersList(deps, call, digest),
  }),
  route({
    method: 'GET',
    path: 'extensions',
    scope: 'pull',
    actions: 'ecr:DescribeRepositories',
    run: repositoryExtensions,
  }),
]

/** A monolithic POST does all three steps of an upload, a mount two of them. */
function actionsToBegin({ query }: Pick<OciCall, 'query'>): readonly [EcrAction, ...EcrAction[]] {
  if (query.has('digest')) {
    return ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload']
  }
  return query.has('mount')
    ? ['ecr:InitiateLayerUpload', 'ecr:CompleteLayerUpload']
    : ['ecr:InitiateLayerUpload']
}
