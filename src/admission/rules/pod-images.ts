// Purpose:  find every image that an object of Kubernetes makes nodes pull.
// Spec:     Kubernetes API: PodSpec, Container, EphemeralContainer, ImageVolumeSource; signing reference 6.2.
// Input:    an object as the API server sends it; hostile: members may be missing or of another type.
// Deviates: nothing.
// Unknowns: a member that is no text where an image is named → an image of that text, which no reader of references takes.
import { isRecord } from '../../oci/descriptor.ts'

export interface ObjectKind {
  readonly group: string
  readonly kind: string
}

export interface NamedImage {
  /** Keys and positions from the object's root, for a JSON pointer. */
  readonly path: readonly (string | number)[]
  /** As written. */
  readonly image: string
}

/** Where the pod's specification lies in each kind that has one. */
const places: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec'],
  '/EphemeralContainers': [],
  '/PodTemplate': ['template', 'spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const

export function bearsPods({ group, kind }: ObjectKind): boolean {
  return Object.hasOwn(places, `${group}/${kind}`)
}

/** A pod itself, and not what makes pods. */
export function isPod({ group, kind }: ObjectKind): boolean {
  return group === '' && (kind === 'Pod' || kind === 'EphemeralContainers')
}

/** In the order in which nodes start them; none of a kind that bears no pods. */
export function podImages(kind: ObjectKind, object: unknown): readonly NamedImage[] {
  const place = bearsPods(kind) ? places[`${kind.group}/${kind.kind}`] : undefined
  if (place === undefined) return []
  const spec = place.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), object)
  if (!isRecord(spec)) return []
  return [
    ...containerLists.flatMap((list) => containersIn(spec[list], [...place, list])),
    ...volumesIn(spec['volumes'], [...place, 'volumes']),
  ]
}

function containersIn(list: unknown, path: NamedImage['path']): readonly NamedImage[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((container: unknown, index) => {
    const image = isRecord(container) ? container['image'] : undefined
    return [{ path: [...path, index, 'image'], image: asText(image) }]
  })
}

function volumesIn(list: unknown, path: NamedImage['path']): readonly NamedImage[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((volume: unknown, index) => {
    const source = isRecord(volume) ? volume['image'] : undefined
    if (source === undefined || source === null) return []
    const reference = isRecord(source) ? source['reference'] : source
    return [{ path: [...path, index, 'image', 'reference'], image: asText(reference) }]
  })
}

function asText(image: unknown): string {
  if (typeof image === 'string') return image
  return image === undefined || image === null ? '' : `${JSON.stringify(image).slice(0, 100)} `
}

/** As people write it: `spec.containers[0].image`. */
export function showPath(path: NamedImage['path']): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('')
}

/** RFC 6901. */
export function pointerOf(path: NamedImage['path']): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
