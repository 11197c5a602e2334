// Where messages go, as it is kept without its secrets.
import type { SinkRule } from './sink-rule.ts'

export interface WebhookSettings {
  readonly kind: 'webhook'
  readonly form: 'eventbridge' | 'cloudevents'
  /** Scheme, host and port; the rest of the address may hold a token and is sealed. */
  readonly origin: string
  /** PEM certificates that the receiver's may come from, in place of the public ones. */
  readonly caBundle?: string
}

export interface SlackSettings {
  readonly kind: 'slack'
  readonly origin: string
  readonly caBundle?: string
}

export interface SmtpSettings {
  readonly kind: 'smtp'
  readonly host: string
  readonly port: number
  /** none: in the clear, which goes to private addresses only. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user?: string
  readonly from: string
  readonly to: readonly string[]
  readonly caBundle?: string
}

export type SinkSettings = WebhookSettings | SlackSettings | SmtpSettings
export type SinkKind = SinkSettings['kind']

/** Secrets of a sink by what each is for. */
export type SecretPart = 'signing' | 'url' | 'password'

export interface SinkInput {
  readonly name: string
  readonly settings: SinkSettings
  readonly rule: SinkRule
  /** Undefined: each message by itself. */
  readonly digestSeconds: number | undefined
  readonly url?: string
  readonly password?: string
}

/** Longer than whoever reads a digest would wait for one that tells of a flood. */
export const stormDigestSeconds = 900
