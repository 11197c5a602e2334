// Purpose:  read what somebody asks a sink to be.
// Spec:     docs/notifications.md, "Sinks" and "Rules"; RFC 3986 (addresses), RFC 5321 sections 4.1.2 and 4.5.3.1 (mailboxes).
// Input:    JSON of the API; hostile.
// Deviates: a mailbox is its plain form: no quoted local part, no address literal.
// Unknowns: a member that is not known, or any value outside its bounds → a sentence for each, and no sink.
import { severities, type Severity } from '../../ecosystems/severity.ts'
import { Members } from './members.ts'
import { findingChanges, noticeKinds, type NoticeKind } from './notice.ts'
import type { SinkRule } from './sink-rule.ts'
import type { SinkInput, SinkKind, SinkSettings, SmtpSettings } from './sink.ts'

export type SinkReading =
  | { readonly kind: 'read'; readonly input: SinkInput }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

export const sinkNamePattern = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/
const maxPatterns = 50
const maxRecipients = 50
const shortestDigestMinutes = 1
const longestDigestMinutes = 7 * 24 * 60

export function parseSink(value: unknown): SinkReading {
  const problems: string[] = []
  const members = new Members(value, '', problems)
  const name = members.text('name', (text) => sinkNamePattern.test(text), nameForm) ?? ''
  const kind = members.choice('kind', ['webhook', 'slack', 'smtp']) ?? 'webhook'
  const { settings, secrets } =
    kind === 'smtp' ? readSmtp(members, problems) : readHttp(members, kind)
  const rule = readRule(members, kind, problems)
  const digestSeconds = readDigest(members)
  members.refuseOthers()
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'read', input: { name, settings, rule, digestSeconds, ...secrets } }
}

export type ChangeReading =
  | { readonly kind: 'read'; readonly change: SinkChange }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

/** What of a sink can be changed while it keeps its address; a sink that goes elsewhere is another one. */
export interface SinkChange {
  readonly rule?: SinkRule
  /** null, which the API writes as 0 minutes: each message by itself again. */
  readonly digestSeconds?: number | null
  readonly enabled?: boolean
}

export function parseSinkChange(value: unknown, kind: SinkKind): ChangeReading {
  const problems: string[] = []
  const members = new Members(value, '', problems)
  const rule = members.has('rule') ? readRule(members, kind, problems) : undefined
  const minutes = members.optionalWhole('digestMinutes', 0, longestDigestMinutes)
  const digestSeconds = minutes === 0 ? null : minutes === undefined ? undefined : minutes * 60
  const enabled = members.flag('enabled')
  members.refuseOthers()
  if (problems.length > 0) return { kind: 'refused', problems }
  const change = {
    ...(rule === undefined ? {} : { rule }),
    ...(digestSeconds === undefined ? {} : { digestSeconds }),
    ...(enabled === undefined ? {} : { enabled }),
  }
  return { kind: 'read', change }
}

const nameForm = '1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter or digit'

interface Addressed {
  readonly settings: SinkSettings
  readonly secrets: Pick<SinkInput, 'url' | 'password'>
}

function readHttp(members: Members, kind: 'webhook' | 'slack'): Addressed {
  const url = members.text('url', isHttpUrl, 'an http or https address without credentials') ?? ''
  const origin = URL.canParse(url) ? new URL(url).origin : ''
  const caBundle = members.optionalText('caBundle', isPem, 'certificates in PEM form')
  const common = { origin, ...(caBundle === undefined ? {} : { caBundle }) }
  const secrets = { url }
  if (kind === 'slack') return { settings: { kind, ...common }, secrets }
  const form = members.optionalChoice('form', ['eventbridge', 'cloudevents']) ?? 'eventbridge'
  return { settings: { kind, form, ...common }, secrets }
}

function isHttpUrl(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  const isPlain = username === '' && password === '' && hash === ''
  return (protocol === 'https:' || protocol === 'http:') && isPlain
}

function isPem(text: string): boolean {
  return text.length <= 65_536 && text.includes('-----BEGIN CERTIFICATE-----')
}

function readSmtp(members: Members, problems: string[]): Addressed {
  const smtp = new Members(members.value('smtp'), 'smtp.', problems)
  const security = smtp.optionalChoice('security', ['tls', 'starttls', 'none']) ?? 'starttls'
  const user = smtp.optionalText('user', isShortLine, 'a name of at most 256 characters')
  const password = smtp.optionalText('password', isShortLine, 'at most 256 characters')
  if ((user === undefined) !== (password === undefined)) {
    problems.push('smtp.user and smtp.password belong together: give both, or none')
  }
  const caBundle = smtp.optionalText('caBundle', isPem, 'certificates in PEM form')
  const settings: SmtpSettings = {
    kind: 'smtp',
    host: smtp.text('host', isHost, 'the name or address of a mail server') ?? '',
    port: smtp.optionalWhole('port', 1, 65_535) ?? usualPorts[security],
    security,
    ...(user === undefined ? {} : { user }),
    from: smtp.text('from', isMailbox, 'an address such as registry@example.com') ?? '',
    to: smtp.texts('to', isMailbox, {
      expected: 'addresses such as team@example.com',
      min: 1,
      max: maxRecipients,
    }),
    ...(caBundle === undefined ? {} : { caBundle }),
  }
  smtp.refuseOthers()
  return { settings, secrets: password === undefined ? {} : { password } }
}

const usualPorts = { tls: 465, starttls: 587, none: 25 } as const

function isShortLine(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- a line break would end a command of the protocol
  return text.length > 0 && text.length <= 256 && !/[\u0000-\u001f\u007f]/.test(text)
}

function isHost(text: string): boolean {
  return (
    text.length <= 253 && /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-f:.]+)$/.test(text)
  )
}

function isMailbox(text: string): boolean {
  return (
    text.length <= 254 &&
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)
  )
}

function readDigest(members: Members): number | undefined {
  const minutes = members.optionalWhole(
    'digestMinutes',
    shortestDigestMinutes,
    longestDigestMinutes,
  )
  return minutes === undefined ? undefined : minutes * 60
}

function readRule(members: Members, kind: SinkKind, problems: string[]): SinkRule {
  const rule = new Members(members.value('rule') ?? {}, 'rule.', problems)
  const read = {
    kinds: rule.optionalChoices('kinds', noticeKinds) ?? usualKinds(kind),
    minSeverity: rule.optionalChoice('minSeverity', ratedSeverities),
    unrated: rule.optionalChoice('unrated', ['tell', 'leave-out']) ?? 'tell',
    kevOnly: rule.flag('kevOnly') ?? false,
    minEpss: rule.optionalNumber('minEpss', 0, 1),
    fixableOnly: rule.flag('fixableOnly') ?? false,
    changes: rule.optionalChoices('changes', findingChanges) ?? findingChanges,
    repositories: rule.has('repositories')
      ? rule.texts('repositories', isPattern, {
          expected: 'names or patterns such as team/*',
          min: 0,
          max: maxPatterns,
        })
      : [],
  } as const
  rule.refuseOthers()
  return read
}

const ratedSeverities: readonly Severity[] = severities.filter((one) => one !== 'UNDEFINED')

/** People are told of findings; a program of everything, of a scan in one of its two forms. */
function usualKinds(kind: SinkKind): readonly NoticeKind[] {
  return kind === 'webhook' ? noticeKinds.filter((one) => one !== 'inspector-scan') : ['finding']
}

function isPattern(text: string): boolean {
  return /^[a-z0-9*._/-]{1,256}$/.test(text)
}
