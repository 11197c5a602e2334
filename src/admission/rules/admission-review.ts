// Purpose:  read what an API server asks, and write what it is answered.
// Spec:     Kubernetes admission.k8s.io/v1, AdmissionReview; "Dynamic Admission Control", request and response.
// Input:    a body of at most 8 MiB; hostile.
// Deviates: nothing.
// Unknowns: what is no AdmissionReview of v1 → refused, so that the API server takes it for a failure and its failurePolicy decides.
import { isRecord } from '../../oci/descriptor.ts'
import type { ObjectKind } from './pod-images.ts'

export interface ReviewRequest {
  readonly uid: string
  readonly kind: ObjectKind
  readonly operation: string
  readonly subResource: string
  readonly namespace: string
  /** Of whoever asks the API server. */
  readonly userGroups: readonly string[]
  /** Empty where the server is yet to make it. */
  readonly name: string
  readonly object: Readonly<Record<string, unknown>> | undefined
  readonly oldObject: Readonly<Record<string, unknown>> | undefined
  readonly dryRun: boolean
}

export type ReviewReading =
  | { readonly kind: 'read'; readonly request: ReviewRequest }
  | { readonly kind: 'refused'; readonly problem: string }

export const maxReviewBytes = 8 * 1024 * 1024

export function readReview(body: unknown): ReviewReading {
  if (!isRecord(body)) return refused('the body is no JSON object')
  if (body['apiVersion'] !== 'admission.k8s.io/v1' || body['kind'] !== 'AdmissionReview')
    return refused('expected an AdmissionReview of admission.k8s.io/v1')
  const { request } = body
  if (!isRecord(request)) return refused('the AdmissionReview has no request')
  const { uid, kind, operation } = request
  if (typeof uid !== 'string' || uid === '' || uid.length > 256)
    return refused('request.uid is missing')
  if (!isRecord(kind) || typeof kind['kind'] !== 'string') return refused('request.kind is missing')
  if (typeof operation !== 'string') return refused('request.operation is missing')
  const object = recordIn(request, 'object')
  return {
    kind: 'read',
    request: {
      uid,
      kind: { group: textIn(kind, 'group'), kind: kind['kind'] },
      operation,
      subResource: textIn(request, 'subResource'),
      // The metadata of the object may lack it.
      namespace: textIn(request, 'namespace'),
      userGroups: groupsIn(request['userInfo']),
      name: textIn(request, 'name'),
      object,
      oldObject: recordIn(request, 'oldObject'),
      dryRun: request['dryRun'] === true,
    },
  }
}

function refused(problem: string): ReviewReading {
  return { kind: 'refused', problem }
}

function textIn(value: Readonly<Record<string, unknown>>, name: string): string {
  const found = value[name]
  return typeof found === 'string' ? found : ''
}

function recordIn(
  value: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const found = value[name]
  return isRecord(found) ? found : undefined
}

function groupsIn(userInfo: unknown): readonly string[] {
  const groups = isRecord(userInfo) ? userInfo['groups'] : undefined
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : []
}

/**
 * Static pods run already: who denies the object that mirrors one only hides it. Only nodes make such objects;
 * the annotation alone could be anybody's, and nodes that are not kubelets may run what has it.
 */
export function isMirror({ object, userGroups }: ReviewRequest): boolean {
  if (!userGroups.includes('system:nodes')) return false
  const annotations = metadataOf(object)?.['annotations']
  return isRecord(annotations) && Object.hasOwn(annotations, 'kubernetes.io/config.mirror')
}

export function isLeaving({ object }: ReviewRequest): boolean {
  return typeof metadataOf(object)?.['deletionTimestamp'] === 'string'
}

function metadataOf(
  object: ReviewRequest['object'],
): Readonly<Record<string, unknown>> | undefined {
  const metadata = object?.['metadata']
  return isRecord(metadata) ? metadata : undefined
}

export interface PatchStep {
  readonly op: 'replace'
  /** RFC 6901. */
  readonly path: string
  readonly value: string
}

export interface ReviewAnswer {
  readonly allowed: boolean
  /** For the person who is denied. */
  readonly message?: string
  readonly warnings: readonly string[]
  readonly auditAnnotations: Readonly<Record<string, string>>
  readonly patch?: readonly PatchStep[]
}

/** kubectl shows them; what is above 256 characters, and above 4096 in all, the API server cuts. */
const maxWarning = 200
const maxWarnings = 16
const maxMessage = 8192

export function writeReview(uid: string, answer: ReviewAnswer): Readonly<Record<string, unknown>> {
  const { allowed, message, warnings, auditAnnotations, patch = [] } = answer
  const said = (message ?? 'denied').slice(0, maxMessage)
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { code: 403, reason: 'Forbidden', message: said } }),
      ...(warnings.length === 0 ? {} : { warnings: shorten(warnings) }),
      ...(Object.keys(auditAnnotations).length === 0 ? {} : { auditAnnotations }),
      ...(patch.length === 0
        ? {}
        : {
            patchType: 'JSONPatch',
            patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
          }),
    },
  }
}

/** Texts in them come from images: control characters stay out of terminals. */
function shorten(warnings: readonly string[]): readonly string[] {
  const shown = warnings.slice(0, maxWarnings).map((text) => {
    const plain = text.replaceAll(/\p{Cc}/gu, ' ')
    return plain.length > maxWarning ? `${plain.slice(0, maxWarning - 1)}…` : plain
  })
  const more = warnings.length - shown.length
  return more > 0 ? [...shown, `and ${more} more warnings`] : shown
}
