// Purpose:  of what is a pod a part, so that its successors count as the same?
// Spec:     Kubernetes: ObjectMeta.ownerReferences; the label pod-template-hash of a Deployment's ReplicaSets; names of a CronJob's Jobs.
// Input:    the kind and the metadata of an object, as the API server sends or lists it; hostile.
// Deviates: nothing.
// Unknowns: what cannot be told from the object itself is not looked up: the pod is then told as its owner's, by the owner's own name.
import { isRecord } from '../../oci/descriptor.ts'

/** Empty texts where nobody told. */
export interface Workload {
  readonly kind: string
  readonly name: string
}

export const noWorkload: Workload = { kind: '', name: '' }

/** Of a name in Kubernetes. */
export const maxWorkloadText = 253

/** `name`: of the request, where the object has none yet. */
export function workloadOf(kind: string, metadata: unknown, name = ''): Workload {
  if (!isRecord(metadata)) return placed(kind, name)
  const owner = ownerOf(metadata['ownerReferences'])
  if (owner === undefined || kind !== 'Pod') return placed(kind, nameIn(metadata) || name)
  // A static pod is owned by its node, of which it is no part.
  if (owner.kind === 'Node') return placed(kind, nameIn(metadata))
  if (owner.kind === 'ReplicaSet') return deploymentOf(owner, metadata['labels'])
  if (owner.kind === 'Job') {
    // The minute for which the Job was made.
    const scheduled = /^(.+)-\d{8,10}$/.exec(owner.name)?.[1]
    return scheduled === undefined ? owner : placed('CronJob', scheduled)
  }
  return owner
}

function deploymentOf(owner: Workload, labels: unknown): Workload {
  const hash = isRecord(labels) ? labels['pod-template-hash'] : undefined
  const end = `-${typeof hash === 'string' ? hash : ''}`
  return end.length > 1 && owner.name.endsWith(end) && owner.name.length > end.length
    ? placed('Deployment', owner.name.slice(0, -end.length))
    : owner
}

/** The one that controls it; else the first. */
function ownerOf(references: unknown): Workload | undefined {
  const owners = Array.isArray(references) ? references.filter(isRecord) : []
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0]
  const { kind, name } = owner ?? {}
  return typeof kind === 'string' && typeof name === 'string' ? placed(kind, name) : undefined
}

/** The name that an API server made of another stands for one pod alone. */
function nameIn({ name, generateName }: Readonly<Record<string, unknown>>): string {
  if (typeof generateName === 'string' && generateName !== '') return generateName.replace(/-$/, '')
  return typeof name === 'string' ? name : ''
}

function placed(kind: string, name: string): Workload {
  return { kind: kind.slice(0, maxWorkloadText), name: name.slice(0, maxWorkloadText) }
}
