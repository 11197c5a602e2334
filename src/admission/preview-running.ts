// What a policy would do to the images that run, each where it runs.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseDigest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import { listRunningPlaces, type RunningPlace } from '../running/running-place-store.ts'
import { listClusters, type Cluster } from './cluster-store.ts'
import { readImage, type ReadImageDeps } from './read-image.ts'
import type { AdmissionPolicy } from './rules/admission-policy.ts'
import { contextOfCluster } from './rules/cluster-context.ts'
import type { DecisionContext } from './rules/evidence.ts'
import { neededFacts } from './rules/needed-facts.ts'
import { previewDecisions, type PreviewedDecisions } from './rules/preview-decisions.ts'

/** An image that runs in a namespace of a cluster, and that the policy would deny or warn of there. */
export interface PreviewedRunning extends PreviewedDecisions {
  readonly kind: 'running'
  readonly cluster: string
  readonly namespace: string
  readonly repository: string
  readonly digest: string
}

export interface RunningAsked {
  readonly account: AccountId
  readonly draft: AdmissionPolicy
  readonly stored: readonly AdmissionPolicy[]
  readonly door: 'admission' | 'gatekeeper'
  /** Of this cluster, of this namespace alone. */
  readonly cluster: string | undefined
  readonly namespace: string | undefined
  readonly now: number
}

const pageSize = 200
/** Images at their places. */
export const maxRunning = 10_000

/** One for each image in each namespace that it runs in; also those that pass. What is not stored here any more is left out. */
export async function* previewRunning(
  deps: ReadImageDeps,
  asked: RunningAsked,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<PreviewedRunning | 'cut'> {
  const clusters = new Map(
    (await listClusters(deps.reader, asked.account)).map((cluster) => [cluster.name, cluster]),
  )
  const seen = new Set<string>()
  for await (const place of placesOf(deps, asked)) {
    signal.throwIfAborted()
    const cluster = clusters.get(place.cluster)
    const key = JSON.stringify([place.cluster, place.namespace, place.repository, place.digest])
    if (cluster === undefined || seen.has(key)) continue
    if (seen.size >= maxRunning) {
      yield 'cut'
      return
    }
    seen.add(key)
    const found = await previewPlace(deps, asked, { cluster, place })
    await yieldToEventLoop()
    if (found !== undefined) yield found
  }
}

async function* placesOf(
  { reader }: Pick<ReadImageDeps, 'reader'>,
  { account, cluster, namespace }: RunningAsked,
): AsyncGenerator<RunningPlace> {
  let after: RunningPlace | undefined
  for (;;) {
    const page = await listRunningPlaces(reader, { account, after, limit: pageSize })
    for (const place of page) {
      const isMeant =
        (cluster === undefined || place.cluster === cluster) &&
        (namespace === undefined || place.namespace === namespace)
      if (isMeant) yield place
    }
    after = page.at(-1)
    if (after === undefined) return
  }
}

async function previewPlace(
  deps: ReadImageDeps,
  { account, draft, stored, door, now }: RunningAsked,
  { cluster, place }: { readonly cluster: Cluster; readonly place: RunningPlace },
): Promise<PreviewedRunning | undefined> {
  const repository = parseRepositoryName(place.repository)
  const digest = parseDigest(place.digest)
  if (repository === undefined || digest === undefined) return undefined
  const namespace = place.namespace === '' ? undefined : place.namespace
  const { context, policyNames } = contextOfCluster(cluster, { door, namespace })
  const holds = (policies: readonly AdmissionPolicy[]): readonly AdmissionPolicy[] =>
    policies.filter(({ name }) => policyNames?.includes(name) ?? true)
  const known = await readImage(
    deps,
    { account, repository, reference: { kind: 'digest', digest } },
    { needed: neededFacts([draft, ...stored]), platforms: context.platforms },
  )
  if (known.kind === 'statement' || known.kind === 'absent') return undefined
  const lens = { draft, stored: holds(stored), context, now } as const
  const { withoutPolicy } = context satisfies DecisionContext
  const decisions = previewDecisions(known, { ...lens, withoutPolicy })
  // Where the namespace is bound to other policies, this one holds nothing up.
  const told = holds([draft]).length > 0 ? decisions : { ...decisions, would: 'allow' as const }
  const { cluster: name } = place
  return {
    kind: 'running',
    cluster: name,
    namespace: place.namespace,
    repository,
    digest,
    ...told,
  }
}
