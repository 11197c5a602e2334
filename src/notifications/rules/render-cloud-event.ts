// Purpose:  a message as a CloudEvent in structured JSON.
// Spec:     CloudEvents 1.0.2, sections 3.1 and 3.2; JSON Event Format 1.0.2. Content type application/cloudevents+json.
// Input:    what is to be told.
// Deviates: nothing; `account` and `region` are extension attributes.
// Unknowns: none.
import { detailOf, repositoryArn } from './detail-of.ts'
import type { Notice, NoticeBody } from './notice.ts'

export function renderCloudEvent(notice: Notice): unknown {
  const { body, id, at, account, region } = notice
  const subject = subjectOf(body)
  const source =
    'repository' in body
      ? repositoryArn(notice, body.repository)
      : `arn:aws:ecr:${region}:${account}:registry`
  return {
    specversion: '1.0',
    id,
    source,
    type: typeOf(body),
    ...(subject === undefined ? {} : { subject }),
    time: at,
    datacontenttype: 'application/json',
    account,
    region,
    data: detailOf(notice).detail,
  }
}

function subjectOf(body: NoticeBody): string | undefined {
  if (body.kind === 'posture') return body.rule
  if (!('digest' in body)) return undefined
  return 'tag' in body && body.tag !== undefined ? `${body.digest}:${body.tag}` : body.digest
}

const done = { PUSH: 'pushed', DELETE: 'deleted' } as const

function typeOf(body: NoticeBody): string {
  if ('change' in body) return `dev.pratique.${body.kind}.${body.change.toLowerCase()}`
  switch (body.kind) {
    case 'image':
    case 'referrer':
    case 'artifact':
      return `dev.pratique.${body.kind}.${done[body.action]}`
    case 'scan':
    case 'inspector-scan':
      return `dev.pratique.${body.kind}.ended`
    case 'scan-frequency':
      return 'dev.pratique.scan-frequency.changed'
    case 'running':
      return 'dev.pratique.running.denied'
    case 'digest':
    case 'test':
      return `dev.pratique.${body.kind}`
  }
}
