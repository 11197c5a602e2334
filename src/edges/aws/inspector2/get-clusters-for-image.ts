// Purpose:  in which clusters does an image run, or did it: GetClustersForImage.
// Spec:     Amazon Inspector2 API Reference, this operation.
// Input:    a request that was held against the model.
// Deviates: every cluster is told as one of EKS, also a host without Kubernetes, which then has no namespace and no workloads; a dot in its name, which
//           the model does not allow, is told as _. Units are containers; a place that nobody counted has one. Stopped ones are told for a
//           day, as many as there were. The latest ten thousand places of an image are looked at.
// Unknowns: an image that no cluster ever told of, and one of another account, runs in no cluster that is known.
import { parseDigest } from '../../../oci/digest.ts'
import { parseRepositoryName } from '../../../oci/repository-name.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { formatArn } from '../../../policy/arn.ts'
import { findRepository } from '../../../registry/repository-store.ts'
import { listUsesOfImage, listUsesOfRepository } from '../../../running/cluster-image-store.ts'
import type { PlacedUse } from '../../../running/image-use.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'
import { cursorOf, nextTokenFor } from './page.ts'

type Shape = Readonly<Record<string, unknown>>

const dayMs = 86_400_000
const maxPlaces = 10_000
/** Of the model, for lists within an answer. */
const maxMembers = 100

type Deps = Pick<InspectorDeps, 'reader' | 'clock' | 'ids' | 'pagingKey' | 'region'>

export async function getClustersForImage(
  deps: Deps,
  input: {
    readonly filter: { readonly resourceId: string }
    readonly maxResults?: number
    readonly nextToken?: string
  },
  { caller }: InspectorCall,
): Promise<Shape> {
  const { accountId: account } = caller
  const { filter, maxResults = 100 } = input
  const list = { operation: 'GetClustersForImage', inputs: [account, filter] }
  const cursor = cursorOf(deps, list, input.nextToken)
  const after = typeof cursor === 'string' ? cursor : ''
  const now = deps.clock.now().getTime()
  const uses = (await usesOf(deps, account, filter.resourceId)).filter(({ endedAt }) =>
    isTold(endedAt, now),
  )
  const clusters = [...Map.groupBy(uses, ({ cluster }) => cluster)]
    .filter(([name]) => name > after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const page = clusters.slice(0, maxResults)
  const next = clusters.length > page.length ? page.at(-1)?.[0] : undefined
  return {
    cluster: page.map(([name, places]) => ({
      clusterArn: clusterArn(deps.region, account, name),
      clusterDetails: detailsOf(places),
    })),
    ...nextTokenFor(deps, list, next),
  }
}

/** What ended is told for a day. */
function isTold(endedAt: Date | undefined, now: number): boolean {
  return endedAt === undefined || now - endedAt.getTime() < dayMs
}

async function usesOf(
  { reader }: Pick<Deps, 'reader'>,
  account: AccountId,
  resourceId: string,
): Promise<readonly PlacedUse[]> {
  const [, owner, named = '', hex] =
    /:(\d{12}):repository\/(.+?)(?:\/(sha256:[a-f0-9]{64}))?$/.exec(resourceId) ?? []
  const name = parseRepositoryName(named)
  if (owner !== account || name === undefined) return []
  const digest = hex === undefined ? undefined : parseDigest(hex)
  if (digest === undefined)
    return listUsesOfRepository(reader, { account, repository: name }, maxPlaces)
  const repository = await findRepository(reader, { account, name })
  // What runs may be of a repository that was deleted here; no index is then known to list it.
  const repositoryId = repository?.id ?? 0
  return listUsesOfImage(reader, { account, repositoryId, repository: name, digest }, maxPlaces)
}

function clusterArn(region: string, account: AccountId, name: string): string {
  const resource = `cluster/${name.replaceAll('.', '_')}`
  return formatArn({ service: 'eks', region, account, resource })
}

function detailsOf(places: readonly PlacedUse[]): readonly Shape[] {
  const namespaces = [...Map.groupBy(places, ({ namespace }) => namespace)]
  return namespaces.slice(0, maxMembers).map(([namespace, own]) => {
    const running = own.filter(({ endedAt }) => endedAt === undefined)
    const stopped = own.filter(({ endedAt }) => endedAt !== undefined)
    return {
      lastInUse: epochSeconds(new Date(Math.max(...own.map(({ seenAt }) => seenAt.getTime())))),
      runningUnitCount: unitsOf(running),
      stoppedUnitCount: unitsOf(stopped),
      clusterMetadata: {
        awsEksMetadataDetails: {
          ...(namespace === '' ? {} : { namespace }),
          workloadInfoList: workloadsOf(own),
        },
      },
    }
  })
}

function unitsOf(places: readonly PlacedUse[]): number {
  return places.reduce((sum, { units = 1 }) => sum + units, 0)
}

function workloadsOf(places: readonly PlacedUse[]): readonly Shape[] {
  const named = places.filter(
    ({ workloadKind, workloadName }) => workloadKind !== '' && workloadName !== '',
  )
  const distinct = new Map(
    named.map(({ workloadKind: type, workloadName: name }) => [`${type}/${name}`, { name, type }]),
  )
  return [...distinct.values()].slice(0, maxMembers)
}
