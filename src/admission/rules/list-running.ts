// Purpose:  make a report of what a cluster or a host lists of itself.
// Spec:     Kubernetes API: PodList, PodStatus, ContainerStatus.imageID; `docker ps` and `docker image inspect` for lists of references.
// Input:    the text that `kubectl get pods -A -o json` prints, or a line for each container; of the user's own machine, and yet read with care.
// Deviates: nothing.
// Unknowns: a container that does not run is left out; one whose node does not tell a digest is named as the pod names it, and the server says what that is worth.
import { isRecord } from '../../oci/descriptor.ts'
import { parseDigest } from '../../oci/digest.ts'
import type { ReportedImage } from './cluster-report.ts'
import { workloadOf } from './workload.ts'

export type ListingReading =
  | { readonly kind: 'read'; readonly images: readonly ReportedImage[] }
  | { readonly kind: 'refused'; readonly problem: string }

/** Either form, told apart by the first character. */
export function listRunning(text: string): ListingReading {
  return text.trimStart().startsWith('{') ? listPods(text) : listReferences(text)
}

/** One reference a line; the same one again is another container. `#` begins a comment. */
function listReferences(text: string): ListingReading {
  const lines = text.split('\n').map((line) => line.trim())
  const named = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const strange = named.find((line) => /\s/.test(line))
  if (strange !== undefined)
    return refused(`expected one image a line; here is ${JSON.stringify(strange.slice(0, 100))}`)
  return counted(named.map((image) => ({ image, namespace: '', kind: '', name: '' })))
}

function listPods(text: string): ListingReading {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused('it begins as JSON and is none: was the output cut?')
  }
  const items = isRecord(value) ? value['items'] : undefined
  if (!Array.isArray(items))
    return refused('it has no items: expected the output of kubectl get pods -A -o json')
  const pods = items.filter(isRecord)
  const other = pods.find(({ kind = 'Pod' }) => kind !== 'Pod')
  if (other !== undefined)
    return refused(`expected pods; here is a ${JSON.stringify(other['kind']).slice(0, 100)}`)
  return counted(pods.flatMap(containersOf))
}

function refused(problem: string): ListingReading {
  return { kind: 'refused', problem }
}

type Container = Omit<ReportedImage, 'units'>

function containersOf(pod: Readonly<Record<string, unknown>>): readonly Container[] {
  const { metadata, status } = pod
  if (!isRecord(status) || !isRecord(metadata)) return []
  const { phase } = status
  if (phase === 'Succeeded' || phase === 'Failed') return []
  const { namespace } = metadata
  const place = {
    namespace: typeof namespace === 'string' ? namespace : '',
    ...workloadOf('Pod', metadata),
  }
  return ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']
    .flatMap((list) => runningIn(status[list]))
    .map((image) => ({ image, ...place }))
}

/** What waits or has ended runs nothing: an init container that is done, a container that could not be pulled. */
function runningIn(statuses: unknown): readonly string[] {
  if (!Array.isArray(statuses)) return []
  return statuses.filter(isRecord).flatMap(({ state, image, imageID }) => {
    if (!isRecord(state) || !isRecord(state['running'])) return []
    const named = typeof image === 'string' ? image : ''
    const pulled = typeof imageID === 'string' ? pulledAs(imageID) : undefined
    return pulled ?? (named === '' ? [] : [named])
  })
}

/** `docker-pullable://host/app@sha256:…`, or without a scheme. A bare digest is that of a configuration, and names no image of a registry. */
function pulledAs(imageId: string): string | undefined {
  const plain = imageId.replace(/^[a-z-]+:\/\//, '')
  const at = plain.indexOf('@')
  return at > 0 && parseDigest(plain.slice(at + 1)) !== undefined ? plain : undefined
}

function counted(containers: readonly Container[]): ListingReading {
  const places = new Map<string, ReportedImage>()
  for (const container of containers) {
    const { image, namespace, kind, name } = container
    const key = JSON.stringify([namespace, kind, name, image])
    places.set(key, { ...container, units: (places.get(key)?.units ?? 0) + 1 })
  }
  return { kind: 'read', images: [...places.values()] }
}
