// Purpose:  a message in a person's words, for chat and mail.
// Spec:     none.
// Input:    what is to be told; names of packages and summaries of advisories are hostile.
// Deviates: nothing.
// Unknowns: an unrated severity is called unrated, never low.
import { severities, type Severity } from '../../ecosystems/severity.ts'
import { isOwnBody, type DigestFlaw, type DigestSummary, type OwnBody } from './notice.ts'
import type {
  Counts,
  FindingNotice,
  ImageNotice,
  NoticeBody,
  RunningNotice,
  PostureNotice,
  ScanNotice,
  TrustNotice,
} from './notice.ts'

export interface SaidNotice {
  /** One line. */
  readonly title: string
  readonly lines: readonly string[]
  /** Where to read on, of a single flaw. */
  readonly url?: string
}

const namedFlaws = 10
const namedPlaces = 10

export function sayNotice(body: NoticeBody): SaidNotice {
  if (isOwnBody(body)) return sayOwn(body)
  switch (body.kind) {
    case 'image':
    case 'referrer':
    case 'artifact':
      return sayImage(body)
    case 'scan':
    case 'inspector-scan':
      return sayScan(body)
    case 'scan-frequency': {
      const lines = body.repositories.map(
        ({ name, frequency, previous }) => `${name}: ${frequency}, was ${previous}`,
      )
      return { title: 'The scan frequency of repositories changed', lines: lines.slice(0, 50) }
    }
    case 'finding':
      return sayFinding(body)
  }
}

/** What AWS has no word for. */
function sayOwn(body: OwnBody): SaidNotice {
  switch (body.kind) {
    case 'trust':
      return sayTrust(body)
    case 'running':
      return sayRunning(body)
    case 'posture':
      return sayPosture(body)
    case 'digest':
      return sayDigest(body.summary)
    case 'test':
      return { title: `Test of ${body.sink}: messages arrive here`, lines: [] }
  }
}

function sayImage({
  kind,
  action,
  repository,
  tag,
  digest,
  artifactType,
}: ImageNotice): SaidNotice {
  const what = action === 'PUSH' ? 'pushed to' : 'deleted from'
  const lines = [
    `Digest: ${digest}`,
    ...(artifactType === undefined ? [] : [`Type: ${artifactType}`]),
  ]
  return { title: oneLine(`${kind} ${what} ${named(repository, tag)}`), lines }
}

function sayScan({ repository, tags, digest, status, reason, counts }: ScanNotice): SaidNotice {
  const lines = [`Image: ${repository}@${digest}`]
  if (status === 'COMPLETE') {
    const title = `${named(repository, tags[0])} was scanned: ${sayCounts(counts)}`
    return { title: oneLine(title), lines }
  }
  const why = reason === undefined ? [] : [oneLine(`Why: ${reason}`)]
  return {
    title: oneLine(`The scan of ${named(repository, tags[0])} ended as ${status}`),
    lines: [...lines, ...why],
  }
}

function sayRunning(body: RunningNotice): SaidNotice {
  const { repository, digest, clusters, policies, reasons } = body
  const places = clusters.slice(0, namedPlaces).map(({ cluster, namespaces }) => {
    const within = namespaces.filter((namespace) => namespace !== '').slice(0, namedPlaces)
    return within.length === 0 ? cluster : `${cluster} (${within.join(', ')})`
  })
  const lines = [
    `Image: ${repository}@${digest}`,
    `Runs in: ${places.join(', ')}`,
    `Policies: ${policies.join(', ')}`,
    ...reasons.slice(0, namedPlaces).map((reason) => `Why: ${reason}`),
  ]
  return {
    title: oneLine(`An image of ${repository} runs that its policies would not let run now`),
    lines: lines.map(oneLine),
  }
}

function sayTrust(body: TrustNotice): SaidNotice {
  const { change, repository, digest, policy, result, reason, identities } = body
  const what =
    change === 'VERIFIED'
      ? `Signatures of an image in ${repository} are trusted now (${policy})`
      : `Signatures of an image in ${repository} are not trusted any more (${policy})`
  const lines = [
    `Image: ${repository}@${digest}`,
    `Result: ${result}${reason === undefined ? '' : ` (${reason})`}`,
    ...(identities.length === 0 ? [] : [`Signed by: ${identities.slice(0, 20).join(', ')}`]),
  ]
  return { title: oneLine(what), lines: lines.map(oneLine) }
}

function sayPosture(body: PostureNotice): SaidNotice {
  const { change, rule, title, severity, why, resources, count, points } = body
  const score = points === undefined ? [] : [`Score: ${points} of 100`]
  if (change === 'MENDED')
    return { title: oneLine(`Mended: ${rule} ${title} (${severity})`), lines: score }
  const first = resources.slice(0, namedFlaws)
  const more = count - first.length
  const lines = [
    why,
    ...first.flatMap(({ resource, words, remedy }) => [
      `${resource}: ${words}`,
      ...(remedy === undefined ? [] : [`Mend it: ${remedy}`]),
    ]),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...score,
  ]
  return {
    title: oneLine(`The audit found: ${rule} ${title} (${severity})`),
    lines: lines.map(oneLine),
  }
}

const changeWords = { NEW: 'New', CHANGED: 'Changed', CLOSED: 'Closed' } as const

function sayFinding(body: FindingNotice): SaidNotice {
  const { vulnerability, severity, previousSeverity, isKev } = body
  const rating =
    previousSeverity === undefined
      ? word(severity)
      : `${word(previousSeverity)} → ${word(severity)}`
  const where = named(body.repository, body.tags[0])
  const title = `${changeWords[body.change]}: ${vulnerability} (${rating}${isKev ? ', exploited' : ''}) in ${where}`
  const lines = [
    `Package: ${body.package.name} ${body.package.version}`,
    body.fixedVersion === undefined ? 'Fixed in: no version yet' : `Fixed in: ${body.fixedVersion}`,
    `Image: ${body.repository}@${body.digest}`,
    ...(body.tags.length > 1 ? [`Tags: ${body.tags.slice(0, 20).join(', ')}`] : []),
    ...(body.summary === undefined ? [] : [body.summary]),
  ]
  return { title: oneLine(title), lines: lines.map(oneLine), url: body.url }
}

function sayDigest(summary: DigestSummary): SaidNotice {
  const { findings, messages, worst, because } = summary
  const isStorm = because.includes('storm')
  const title = isStorm
    ? `Many findings at once: ${findings.NEW} new, ${findings.CHANGED} changed, ${findings.CLOSED} closed`
    : `${messages} messages: ${findings.NEW} findings new, ${findings.CHANGED} changed, ${findings.CLOSED} closed`
  const others = Object.entries(summary.byKind).filter(([kind]) => kind !== 'finding')
  return {
    title,
    lines: [
      `From ${summary.from} to ${summary.to}`,
      ...(Object.keys(summary.bySeverity).length === 0
        ? []
        : [`New and changed: ${sayCounts(summary.bySeverity)}`]),
      ...(others.length === 0
        ? []
        : [`Besides: ${others.map(([kind, count]) => `${kind} ${count}`).join(', ')}`]),
      ...worst.slice(0, namedFlaws).map((flaw) => oneLine(sayFlaw(flaw))),
      ...(because.includes('backlog')
        ? [
            'Too many messages were waiting for this receiver; those that came on top are counted here.',
          ]
        : []),
    ],
  }
}

function sayFlaw({
  vulnerability,
  severity,
  isKev,
  isFixable,
  findings,
  example,
}: DigestFlaw): string {
  const facts = [word(severity), ...(isKev ? ['exploited'] : []), ...(isFixable ? ['fixable'] : [])]
  return `${vulnerability} (${facts.join(', ')}): ${findings} findings, such as ${example.package} in ${example.repository}`
}

function sayCounts(counts: Counts): string {
  const said = severities.flatMap((severity) => {
    const count = counts[severity] ?? 0
    return count === 0 ? [] : [`${count} ${word(severity)}`]
  })
  return said.length === 0 ? 'nothing found' : said.join(', ')
}

function word(severity: Severity): string {
  return severity === 'UNDEFINED' ? 'unrated' : severity.toLowerCase()
}

function named(repository: string, tag: string | undefined): string {
  return tag === undefined ? repository : `${repository}:${tag}`
}

/** A line break of an advisory must not become a line, or a header, of ours. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly these are replaced
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, 500)
}
