// One message on its way to one sink: rendered in the sink's form, signed, and handed over.
import type { Keyring } from '../access/keyring.ts'
import type { Clock } from '../lib/clock.ts'
import type { MailSender } from '../lib/outbound-mail.ts'
import type { OutboundPost, PostResult } from '../lib/outbound-post.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { Notice } from './rules/notice.ts'
import { renderCloudEvent } from './rules/render-cloud-event.ts'
import { renderEventBridge } from './rules/render-eventbridge.ts'
import { renderMail } from './rules/render-mail.ts'
import { renderSlack } from './rules/render-slack.ts'
import { signDelivery } from './rules/sign-delivery.ts'
import type { SmtpSettings, WebhookSettings } from './rules/sink.ts'
import { readSinkSecrets } from './sink-secrets.ts'
import type { Sink } from './sink-store.ts'

export interface SendDeps {
  readonly database: SqlReader
  readonly clock: Clock
  readonly keyring: Keyring
  readonly post: OutboundPost
  readonly sendMail: MailSender
  /** Whether messages may go to addresses of inner networks. */
  readonly allowPrivateNetwork: boolean
}

export type SendResult =
  | { readonly kind: 'delivered' }
  /** The receiver does not want to be told any more. */
  | { readonly kind: 'gone'; readonly reason: string }
  | {
      readonly kind: 'failed'
      readonly reason: string
      /** The receiver refused this very message: others may pass. */
      readonly isRefusal: boolean
      readonly retryAfterSeconds?: number
    }

/** For everything together, from the name to the answer. */
export const sendTimeoutMs = 10_000

export async function sendNotice(
  deps: SendDeps,
  {
    sink,
    notice,
    attempt,
  }: { readonly sink: Sink; readonly notice: Notice; readonly attempt: number },
  options: { readonly signal: AbortSignal },
): Promise<SendResult> {
  const { settings } = sink
  if (settings.kind === 'smtp') return sendBySmtp(deps, sink, { settings, notice })
  const url = await secretOf(deps, sink, 'url')
  if (url === undefined) return unsealed('address')
  const message =
    settings.kind === 'slack'
      ? { headers: json, body: JSON.stringify(renderSlack(notice)) }
      : await signed(deps, sink, { settings, notice, attempt })
  if (message === undefined) return unsealed('signing secret')
  const { caBundle } = settings
  const limits = {
    allowPrivateNetwork: deps.allowPrivateNetwork,
    timeoutMs: sendTimeoutMs,
    ...(caBundle === undefined ? {} : { caBundle }),
  }
  return resultOf(await deps.post({ url, ...message }, limits, options))
}

const json = { 'content-type': 'application/json' } as const

async function secretOf(
  { keyring, database, clock }: SendDeps,
  { id }: Sink,
  part: 'url' | 'password',
): Promise<string | undefined> {
  const [newest] = await readSinkSecrets(keyring, database, { sinkId: id, part }, clock.now())
  return newest
}

function unsealed(what: string): SendResult {
  const reason = `the ${what} opens under no master key in use: remove the sink and add it again`
  return { kind: 'failed', reason, isRefusal: false }
}

interface WebhookMessage {
  readonly settings: WebhookSettings
  readonly notice: Notice
  readonly attempt: number
}

async function signed(
  { keyring, database, clock }: SendDeps,
  { id }: Sink,
  { settings, notice, attempt }: WebhookMessage,
): Promise<
  { readonly headers: Readonly<Record<string, string>>; readonly body: string } | undefined
> {
  const now = clock.now()
  const secrets = await readSinkSecrets(keyring, database, { sinkId: id, part: 'signing' }, now)
  if (secrets.length === 0) return undefined
  const isCloudEvent = settings.form === 'cloudevents'
  const body = JSON.stringify(isCloudEvent ? renderCloudEvent(notice) : renderEventBridge(notice))
  const timestamp = Math.floor(now.getTime() / 1000)
  const headers = {
    'content-type': isCloudEvent
      ? 'application/cloudevents+json; charset=utf-8'
      : json['content-type'],
    'x-pratique-id': notice.id,
    'x-pratique-attempt': String(attempt),
    'x-pratique-timestamp': String(timestamp),
    'x-pratique-signature': signDelivery(secrets, { timestamp, body }),
  }
  return { headers, body }
}

function resultOf(result: PostResult): SendResult {
  if (result.kind !== 'answered') return { kind: 'failed', reason: result.reason, isRefusal: false }
  const { status, retryAfterSeconds } = result
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone', reason: 'the receiver answered 410 Gone' }
  const isRefusal =
    status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status)
  return {
    kind: 'failed',
    reason: `the receiver answered ${status}`,
    isRefusal,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
}

async function sendBySmtp(
  deps: SendDeps,
  sink: Sink,
  { settings, notice }: { readonly settings: SmtpSettings; readonly notice: Notice },
): Promise<SendResult> {
  const { host, port, security, user, caBundle, from, to } = settings
  const password = user === undefined ? undefined : await secretOf(deps, sink, 'password')
  if (user !== undefined && password === undefined) return unsealed('password')
  const server = {
    host,
    port,
    security,
    ...(user === undefined || password === undefined ? {} : { user, password }),
    ...(caBundle === undefined ? {} : { caBundle }),
  }
  const mail = { from, to, ...renderMail(notice, from.slice(from.lastIndexOf('@') + 1)) }
  const { allowPrivateNetwork } = deps
  const result = await deps.sendMail(mail, server, {
    allowPrivateNetwork,
    timeoutMs: sendTimeoutMs,
  })
  if (result.kind === 'taken') return { kind: 'delivered' }
  const status = result.kind === 'failed' ? result.status : undefined
  // What the server says for good of one mail (RFC 5321, 4.2.1); 530 and 535 are about signing in.
  const isRefusal = status !== undefined && status >= 550 && status < 560
  return { kind: 'failed', reason: result.reason, isRefusal }
}
