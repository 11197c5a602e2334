// Purpose:  what an event of the outbox tells by itself.
// Spec:     docs/notifications.md, "What is told"; ECR tells of one tag at a time.
// Input:    events that rooms of this program wrote, perhaps an older version of it.
// Deviates: nothing.
// Unknowns: an event that this version does not know, or that lacks what a message needs, tells nothing.
import { severities } from '../../ecosystems/severity.ts'
import {
  postureSeverities,
  type Counts,
  type ImageNotice,
  type NoticeBody,
  type PostureNotice,
  type RunningNotice,
  type ScanNotice,
  type TrustNotice,
} from './notice.ts'

export interface ToldEvent {
  readonly kind: string
  readonly resource: string
  readonly detail: unknown
}

/** In order; of an event they are always the same. */
export function noticesOfEvent(
  event: ToldEvent,
  tagsOf: readonly string[] = [],
): readonly NoticeBody[] {
  const detail = membersOf(event.detail)
  switch (event.kind) {
    case 'ImagePushed':
      return imageNotices('PUSH', event.resource, detail)
    case 'ImageDeleted':
    case 'TagDeleted':
      return imageNotices('DELETE', event.resource, detail)
    case 'ScanCompleted':
      return scanNotices(event.resource, detail, tagsOf)
    case 'SignatureVerified':
      return trustNotices('VERIFIED', event.resource, detail)
    case 'SignatureTrustLost':
      return trustNotices('LOST', event.resource, detail)
    case 'RunningImageDenied':
      return runningNotices(event.resource, detail)
    case 'PostureRuleFailing':
      return postureNotices('FAILING', detail)
    case 'PostureRuleMended':
      return postureNotices('MENDED', detail)
    default:
      return []
  }
}

type Members = ReadonlyMap<string, unknown>

export function membersOf(value: unknown): Members {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return new Map(isObject ? Object.entries(value) : [])
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function imageNotices(
  action: 'PUSH' | 'DELETE',
  repository: string,
  detail: Members,
): readonly ImageNotice[] {
  const digest = detail.get('digest')
  if (typeof digest !== 'string') return []
  const facts = {
    ...textMember(detail, 'mediaType'),
    ...textMember(detail, 'artifactType'),
    ...textMember(detail, 'subject'),
  }
  const kind = 'subject' in facts ? 'referrer' : 'artifactType' in facts ? 'artifact' : 'image'
  const body = { kind, action, repository, digest, ...facts } as const
  const tags = textsOf(detail.get('tags'))
  return tags.length === 0 ? [body] : tags.map((tag) => ({ ...body, tag }))
}

function textMember<Name extends string>(
  detail: Members,
  name: Name,
): { readonly [key in Name]?: string } {
  const absent: { readonly [key in Name]?: string } = {}
  const found = detail.get(name)
  return typeof found === 'string' ? { ...absent, [name]: found } : absent
}

function scanNotices(
  repository: string,
  detail: Members,
  tags: readonly string[],
): readonly ScanNotice[] {
  const [digest, status, reason] = ['digest', 'status', 'reason'].map((name) => detail.get(name))
  if (typeof digest !== 'string' || typeof status !== 'string') return []
  const why = typeof reason === 'string' ? { reason } : {}
  const counts = countsOf(detail.get('counts'))
  const body = { repository, digest, tags, status, ...why, counts }
  return [
    { kind: 'scan', ...body },
    { kind: 'inspector-scan', ...body },
  ]
}

function trustNotices(
  change: TrustNotice['change'],
  repository: string,
  detail: Members,
): readonly TrustNotice[] {
  const [digest, policy, result] = ['digest', 'policy', 'result'].map((name) => detail.get(name))
  if (typeof digest !== 'string' || typeof policy !== 'string' || typeof result !== 'string')
    return []
  const identities = textsOf(detail.get('identities'))
  const why = textMember(detail, 'reason')
  return [{ kind: 'trust', change, repository, digest, policy, result, ...why, identities }]
}

function runningNotices(repository: string, detail: Members): readonly RunningNotice[] {
  const digest = detail.get('digest')
  const [clusters, reasons] = ['clusters', 'reasons'].map((name) => listOf(detail.get(name)))
  if (typeof digest !== 'string' || clusters === undefined || reasons === undefined) return []
  const places = clusters.flatMap((one) => {
    const cluster = membersOf(one).get('cluster')
    const namespaces = textsOf(membersOf(one).get('namespaces'))
    return typeof cluster === 'string' ? [{ cluster, namespaces }] : []
  })
  const told = reasons.map((one) => membersOf(one).get('message'))
  const policies = textsOf(detail.get('policies'))
  const body = { repository, digest, clusters: places, policies, reasons: textsOf(told) }
  return [{ kind: 'running', ...body }]
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function postureNotices(
  change: PostureNotice['change'],
  detail: Members,
): readonly PostureNotice[] {
  const [rule, title, why] = ['rule', 'title', 'why'].map((name) => detail.get(name))
  const severity = postureSeverities.find((one) => one === detail.get('severity'))
  if (typeof rule !== 'string' || typeof title !== 'string' || severity === undefined) return []
  const listed = detail.get('resources')
  const resources = (Array.isArray(listed) ? listed : []).flatMap((one: unknown) => {
    const members = membersOf(one)
    const [resource, words] = [members.get('resource'), members.get('words')]
    if (typeof resource !== 'string' || typeof words !== 'string') return []
    return [{ resource, words, ...textMember(members, 'remedy') }]
  })
  const [count, points] = [detail.get('count'), detail.get('points')]
  return [
    {
      kind: 'posture',
      change,
      rule,
      title,
      severity,
      why: typeof why === 'string' ? why : '',
      resources,
      count: typeof count === 'number' ? count : resources.length,
      ...(typeof points === 'number' ? { points } : {}),
    },
  ]
}

function countsOf(value: unknown): Counts {
  const members = membersOf(value)
  return Object.fromEntries(
    severities.flatMap((severity) => {
      const count = members.get(severity)
      return typeof count === 'number' && count > 0 ? [[severity, count]] : []
    }),
  )
}
