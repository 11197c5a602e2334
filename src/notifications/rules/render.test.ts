import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { addToDigest } from './digest.ts'
import type { FindingNotice, Notice, NoticeBody } from './notice.ts'
import { renderCloudEvent } from './render-cloud-event.ts'
import { renderEventBridge } from './render-eventbridge.ts'
import { renderMail } from './render-mail.ts'
import { renderSlack } from './render-slack.ts'
import { sayNotice } from './say-notice.ts'
import { signDelivery } from './sign-delivery.ts'

const digest = `sha256:${'a'.repeat(64)}`

function noticeOf(body: NoticeBody): Notice {
  return {
    id: '15302d98-74e8-8889-be1a-fc3698aec99f',
    account: '123456789012',
    region: 'us-east-1',
    at: '2026-11-26T15:11:22.283Z',
    body,
  }
}

const push = noticeOf({
  kind: 'image',
  action: 'PUSH',
  repository: 'team/app',
  digest,
  tag: '1.0',
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
})
const scan = noticeOf({
  kind: 'inspector-scan',
  repository: 'team/app',
  digest,
  tags: ['1.0'],
  status: 'COMPLETE',
  counts: { HIGH: 2, UNDEFINED: 1 },
})
const findingBody: FindingNotice = {
  kind: 'finding',
  change: 'NEW',
  repository: 'team/app',
  digest,
  tags: ['1.0', 'latest'],
  severity: 'UNDEFINED',
  vulnerability: 'CVE-2026-1000',
  package: { name: '<!channel>', version: '1.0' },
  fixedVersion: '2.0',
  isKev: true,
  summary: 'first line\r\nBcc: everybody@example.com\n<script> & more',
  url: 'https://example.com/CVE-2026-1000',
  record: { findingArn: 'arn', status: 'ACTIVE' },
}

test('a push in EventBridge’s envelope is the one that ECR documents', () => {
  assert.deepEqual(renderEventBridge(push), {
    version: '0',
    id: push.id,
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-11-26T15:11:22Z',
    region: 'us-east-1',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'team/app',
      'image-digest': digest,
      'action-type': 'PUSH',
      'image-tag': '1.0',
      'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
    },
  })
})

test('a scan in Inspector’s words has the sum, and its repository as an ARN', () => {
  assert.partialDeepStrictEqual(renderEventBridge(scan), {
    'detail-type': 'Inspector2 Scan',
    source: 'aws.inspector2',
    resources: ['arn:aws:ecr:us-east-1:123456789012:repository/team/app'],
    detail: {
      'scan-status': 'INITIAL_SCAN_COMPLETE',
      'repository-name': 'arn:aws:ecr:us-east-1:123456789012:repository/team/app',
      'finding-severity-counts': { HIGH: 2, UNTRIAGED: 1, TOTAL: 3 },
      version: '1.0',
    },
  })
})

test('a finding is told as its record stands', () => {
  assert.partialDeepStrictEqual(renderEventBridge(noticeOf(findingBody)), {
    'detail-type': 'Inspector2 Finding',
    resources: [`arn:aws:ecr:us-east-1:123456789012:repository/team/app/${digest}`],
    detail: { findingArn: 'arn', status: 'ACTIVE' },
  })
})

test('trust that is won or lost is told with policy, reason and signers', () => {
  const detail = {
    change: 'LOST',
    repository: 'team/app',
    digest,
    policy: 'release',
    result: 'revoked',
    reason: 'revoked',
    identities: ['CN=ci'],
  } as const
  const lost = noticeOf({ kind: 'trust', ...detail })
  assert.partialDeepStrictEqual(renderEventBridge(lost), {
    'detail-type': 'Pratique Signature Trust',
    source: 'pratique',
    detail,
  })
  assert.partialDeepStrictEqual(renderCloudEvent(lost), { type: 'dev.pratique.trust.lost' })
  assert.match(
    sayNotice(lost.body).title,
    /^Signatures of an image in team\/app are not trusted any more \(release\)$/,
  )
})

test('rules of scanning that change name each repository', () => {
  const body = {
    kind: 'scan-frequency',
    scanType: 'ENHANCED',
    repositories: [{ name: 'a', frequency: 'CONTINUOUS_SCAN', previous: 'MANUAL' }],
  } as const
  assert.partialDeepStrictEqual(renderEventBridge(noticeOf(body)), {
    'detail-type': 'ECR Scan Resource Change',
    detail: {
      'action-type': 'SCAN_FREQUENCY_CHANGE',
      repositories: [
        {
          'repository-name': 'a',
          'repository-arn': 'arn:aws:ecr:us-east-1:123456789012:repository/a',
          'scan-frequency': 'CONTINUOUS_SCAN',
          'previous-scan-frequency': 'MANUAL',
        },
      ],
      'resource-type': 'ECR',
      'scan-type': 'ENHANCED',
    },
  })
})

test('a CloudEvent has what CloudEvents 1.0 requires, and the same detail', () => {
  assert.deepEqual(renderCloudEvent(noticeOf(findingBody)), {
    specversion: '1.0',
    id: push.id,
    source: 'arn:aws:ecr:us-east-1:123456789012:repository/team/app',
    type: 'dev.pratique.finding.new',
    subject: digest,
    time: '2026-11-26T15:11:22.283Z',
    datacontenttype: 'application/json',
    account: '123456789012',
    region: 'us-east-1',
    data: findingBody.record,
  })
  assert.partialDeepStrictEqual(renderCloudEvent(push), {
    type: 'dev.pratique.image.pushed',
    subject: `${digest}:1.0`,
  })
})

test('words of a hostile package neither mention everybody in a chat nor begin a line of mail', () => {
  const notice = noticeOf(findingBody)
  const { text } = renderSlack(notice) as { text: string }
  assert.ok(text.includes('&lt;!channel&gt;') && !text.includes('<'))
  const mail = renderMail(notice, 'example.com')
  assert.ok(!mail.subject.includes('\n'))
  assert.ok(!/^Bcc:/m.test(mail.text))
  assert.match(mail.subject, /New: CVE-2026-1000 \(unrated, exploited\) in team\/app:1\.0/)
  assert.equal(mail.messageId, `<${push.id}@example.com>`)
})

test('a digest counts what it holds, and names the worst first', () => {
  const at = push.at
  const told = [
    { ...findingBody, severity: 'LOW', isKev: false },
    { ...findingBody, vulnerability: 'CVE-2026-2000', severity: 'CRITICAL', isKev: false },
    { ...findingBody, vulnerability: 'CVE-2026-2000', severity: 'HIGH', isKev: false },
    { ...findingBody, vulnerability: 'CVE-2026-3000', severity: 'MEDIUM', isKev: true },
    { ...findingBody, change: 'CLOSED' },
  ] as const
  let summary = addToDigest(undefined, told[0], { at, cause: 'asked' })
  for (const body of told.slice(1)) summary = addToDigest(summary, body, { at, cause: 'storm' })
  summary = addToDigest(summary, { ...told[1] }, { at, cause: 'storm', times: 100 })
  assert.equal(summary.messages, 105)
  assert.deepEqual(summary.findings, { NEW: 104, CHANGED: 0, CLOSED: 1 })
  assert.deepEqual(summary.bySeverity, { LOW: 1, CRITICAL: 101, HIGH: 1, MEDIUM: 1 })
  assert.deepEqual(
    summary.worst.map((flaw) => [flaw.vulnerability, flaw.severity, flaw.findings]),
    [
      ['CVE-2026-3000', 'MEDIUM', 1],
      ['CVE-2026-2000', 'CRITICAL', 102],
      ['CVE-2026-1000', 'LOW', 1],
    ],
  )
  const { text } = renderSlack(noticeOf({ kind: 'digest', summary })) as { text: string }
  assert.match(text, /Many findings at once: 104 new, 0 changed, 1 closed/)
})

test('a digest is bounded, however many flaws there are', () => {
  let summary = addToDigest(undefined, findingBody, { at: push.at, cause: 'asked' })
  for (let number = 0; number < 500; number += 1) {
    const body = { ...findingBody, vulnerability: `CVE-2026-${number}` }
    summary = addToDigest(summary, body, { at: push.at, cause: 'asked' })
  }
  assert.equal(summary.worst.length, 100)
  assert.equal(summary.messages, 501)
})

test('each valid secret signs the time and the body', () => {
  const signature = signDelivery(['new', 'old'], { timestamp: 12, body: '{}' })
  const of = (secret: string): string =>
    `sha256=${createHmac('sha256', secret).update('12.{}').digest('hex')}`
  assert.equal(signature, `${of('new')},${of('old')}`)
})

const posture = noticeOf({
  kind: 'posture',
  change: 'FAILING',
  rule: 'REG-006',
  title: 'Repository is not public',
  severity: 'critical',
  why: 'Anybody may pull.',
  resources: [
    { resource: 'team/<app>', words: 'lets in everybody\r\nBcc: x', remedy: 'aws ecr delete' },
  ],
  count: 3,
  points: 71,
})

test('a rule of the audit that fails is told with what was seen and what mends it', () => {
  assert.partialDeepStrictEqual(renderEventBridge(posture), {
    'detail-type': 'Pratique Posture',
    source: 'pratique',
    detail: { change: 'FAILING', rule: 'REG-006', count: 3, points: 71 },
  })
  assert.partialDeepStrictEqual(renderCloudEvent(posture), {
    type: 'dev.pratique.posture.failing',
    subject: 'REG-006',
    source: 'arn:aws:ecr:us-east-1:123456789012:registry',
  })
  const slack = JSON.stringify(renderSlack(posture))
  assert.match(slack, /team\/&lt;app&gt;: lets in everybody Bcc: x/)
  assert.match(slack, /and 2 more/)
  const mended = noticeOf({ ...posture.body, change: 'MENDED' } as NoticeBody)
  assert.match(renderMail(mended, 'example.org').subject, /Mended: REG-006/)
})
