// Purpose:  a message's detail, the same members in both of the forms that programs read.
// Spec:     Amazon ECR user guide, "Amazon ECR events and EventBridge"; Amazon Inspector user guide, "Amazon EventBridge event schema".
// Input:    what is to be told.
// Deviates: `image-tag` is absent where a manifest has no tag; `reason` is added to a scan that did not end well. Details of referrers and
//           artifacts are not documented by AWS: they are those of images, with what the manifest says of itself.
// Unknowns: none.
import type { Severity } from '../../ecosystems/severity.ts'
import {
  isOwnBody,
  type Counts,
  type ImageNotice,
  type Notice,
  type OwnBody,
  type ScanFrequencyNotice,
  type ScanNotice,
} from './notice.ts'

export interface Detail {
  /** As EventBridge calls it. */
  readonly type: string
  readonly source: string
  /** ARNs. */
  readonly resources: readonly string[]
  readonly detail: unknown
}

export function detailOf({ body, ...place }: Notice): Detail {
  if (isOwnBody(body)) return ownDetail(body)
  switch (body.kind) {
    case 'image':
      return { ...ecr('ECR Image Action'), detail: imageDetail(body) }
    case 'referrer':
      return { ...ecr('ECR Referrer Action'), detail: imageDetail(body) }
    case 'artifact':
      return { ...ecr('ECR Artifact Action'), detail: imageDetail(body) }
    case 'scan':
      return {
        ...ecr('ECR Image Scan', [repositoryArn(place, body.repository)]),
        detail: scanDetail(body),
      }
    case 'inspector-scan':
      return {
        ...inspector('Inspector2 Scan', [repositoryArn(place, body.repository)]),
        detail: inspectorScanDetail(body, repositoryArn(place, body.repository)),
      }
    case 'scan-frequency':
      return { ...ecr('ECR Scan Resource Change'), detail: frequencyDetail(body, place) }
    case 'finding': {
      const image = `${repositoryArn(place, body.repository)}/${body.digest}`
      return { ...inspector('Inspector2 Finding', [image]), detail: body.record }
    }
  }
}

/** What AWS has no word for. */
function ownDetail(body: OwnBody): Detail {
  switch (body.kind) {
    case 'trust': {
      const { kind: _, ...detail } = body
      return { ...own('Pratique Signature Trust'), detail }
    }
    case 'posture': {
      const { kind: _, ...detail } = body
      return { ...own('Pratique Posture'), detail }
    }
    case 'running': {
      const { kind: _, ...detail } = body
      return { ...own('Pratique Running Image Denied'), detail }
    }
    case 'digest':
      return { ...own('Pratique Digest'), detail: body.summary }
    case 'test':
      return { ...own('Pratique Test'), detail: { sink: body.sink } }
  }
}

type Place = Omit<Notice, 'body'>

export function repositoryArn({ region, account }: Place, name: string): string {
  return `arn:aws:ecr:${region}:${account}:repository/${name}`
}

function ecr(type: string, resources: readonly string[] = []): Omit<Detail, 'detail'> {
  return { type, source: 'aws.ecr', resources }
}

function inspector(type: string, resources: readonly string[]): Omit<Detail, 'detail'> {
  return { type, source: 'aws.inspector2', resources }
}

function own(type: string): Omit<Detail, 'detail'> {
  return { type, source: 'pratique', resources: [] }
}

function imageDetail(body: ImageNotice): unknown {
  return {
    result: 'SUCCESS',
    'repository-name': body.repository,
    'image-digest': body.digest,
    'action-type': body.action,
    ...(body.tag === undefined ? {} : { 'image-tag': body.tag }),
    ...(body.mediaType === undefined ? {} : { 'manifest-media-type': body.mediaType }),
    ...(body.artifactType === undefined ? {} : { 'artifact-media-type': body.artifactType }),
    ...(body.subject === undefined ? {} : { 'subject-digest': body.subject }),
  }
}

function scanDetail(body: ScanNotice): unknown {
  return {
    'scan-status': body.status,
    'repository-name': body.repository,
    'finding-severity-counts': body.counts,
    'image-digest': body.digest,
    'image-tags': body.tags,
    ...(body.reason === undefined ? {} : { reason: body.reason }),
  }
}

function inspectorScanDetail(body: ScanNotice, repository: string): unknown {
  return {
    'scan-status': body.status === 'COMPLETE' ? 'INITIAL_SCAN_COMPLETE' : body.status,
    'repository-name': repository,
    'finding-severity-counts': inspectorCounts(body.counts),
    'image-digest': body.digest,
    'image-tags': body.tags,
    version: '1.0',
    ...(body.reason === undefined ? {} : { reason: body.reason }),
  }
}

/** In Inspector's words, with their sum. */
function inspectorCounts(counts: Counts): Readonly<Record<string, number>> {
  const words: Partial<Record<Severity, string>> = { UNDEFINED: 'UNTRIAGED' }
  const entries = Object.entries(counts).map(
    ([severity, count]) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of Counts
      [words[severity as Severity] ?? severity, count] as const,
  )
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  return { ...Object.fromEntries(entries), TOTAL: total }
}

function frequencyDetail(body: ScanFrequencyNotice, place: Place): unknown {
  return {
    'action-type': 'SCAN_FREQUENCY_CHANGE',
    repositories: body.repositories.map(({ name, frequency, previous }) => ({
      'repository-name': name,
      'repository-arn': repositoryArn(place, name),
      'scan-frequency': frequency,
      'previous-scan-frequency': previous,
    })),
    'resource-type': 'ECR',
    'scan-type': body.scanType,
  }
}
