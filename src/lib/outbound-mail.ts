// Purpose:  hand a mail to a mail server that somebody else named, without being led to where we must not go.
// Spec:     RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 section 3.3 (TLS from the start), RFC 4954 (AUTH).
// Input:    the server and the addresses of a setting; hostile words in the mail, which the library encodes.
// Deviates: without TLS only into private networks; a server that does not offer STARTTLS where it was asked for gets nothing.
// Unknowns: no whole answer within the time → 'failed'; the mail may have been taken all the same. The time is for everything
//           together: a server that says a little now and then is waited for no longer than one that says nothing.
import { Socket } from 'node:net'
import { systemResolve, type Resolve } from './outbound-fetch.ts'
import { before } from './outbound-post.ts'
import { resolveTarget } from './outbound-target.ts'

export interface MailServer {
  readonly host: string
  readonly port: number
  /** tls: from the start; starttls: before anything is said; none: never. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user?: string
  readonly password?: string
  /** PEM certificates that the server's may come from, in place of the public ones. */
  readonly caBundle?: string
}

export interface OutboundMail {
  readonly from: string
  readonly to: readonly string[]
  readonly messageId: string
  readonly subject: string
  readonly text: string
  readonly date: Date
}

export interface MailLimits {
  readonly allowPrivateNetwork: boolean
  /** For everything together: name, connections, the whole conversation. */
  readonly timeoutMs: number
}

export type MailResult =
  | { readonly kind: 'taken' }
  /** The address leads where this server does not go. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** status: the answer of the server, 4xx or 5xx, where it gave one. */
  | { readonly kind: 'failed'; readonly reason: string; readonly status: number | undefined }

export type MailSender = (
  mail: OutboundMail,
  server: MailServer,
  limits: MailLimits,
) => Promise<MailResult>

/** Of a server with several addresses so many are tried. */
const mostAddresses = 3

export function createMailSender(resolve: Resolve = systemResolve): MailSender {
  return async (mail, server, limits) => {
    const within = AbortSignal.timeout(limits.timeoutMs)
    try {
      const target = await before(within, resolveTarget(resolve, server.host, limits))
      if (typeof target === 'string') return { kind: 'refused', reason: target }
      if (server.security === 'none' && !target.isPrivate) {
        const reason = `${server.host} is in the public network: use tls or starttls`
        return { kind: 'refused', reason }
      }
      let result: MailResult = { kind: 'failed', reason: 'not tried', status: undefined }
      for (const { address } of target.addresses.slice(0, mostAddresses)) {
        const { timeoutMs } = limits
        const sent = await send(mail, { server, address, timeoutMs, within })
        if (sent.kind === 'taken' || !sent.isUnreached || within.aborted) return sent
        result = sent
      }
      return result
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error), status: undefined }
    }
  }
}

type Sent =
  | { readonly kind: 'taken' }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly status: number | undefined
      /** Nobody was there to talk to. */
      readonly isUnreached: boolean
    }

async function send(
  mail: OutboundMail,
  {
    server,
    address,
    timeoutMs,
    within,
  }: {
    readonly server: MailServer
    readonly address: string
    readonly timeoutMs: number
    readonly within: AbortSignal
  },
): Promise<Sent> {
  // Most servers never send a mail.
  const { createTransport } = await import('nodemailer')
  const { port, security, user, password, caBundle } = server
  // The library's own times begin anew with every byte; a socket of ours can be ended under it.
  const socket = new Socket()
  const transport = createTransport({
    socket,
    host: address,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    // The certificate is that of the name, not of the address that it has just now.
    tls: { servername: server.host, ...(caBundle === undefined ? {} : { ca: caBundle }) },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const sending = transport.sendMail({
      from: mail.from,
      to: [...mail.to],
      messageId: mail.messageId,
      subject: mail.subject,
      text: mail.text,
      date: mail.date,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    await before(within, sending)
    return { kind: 'taken' }
  } catch (error) {
    const status = memberOf(error, 'responseCode')
    return {
      kind: 'failed',
      reason: messageOf(error),
      status: typeof status === 'number' ? status : undefined,
      isUnreached: memberOf(error, 'command') === 'CONN' && status === undefined,
    }
  } finally {
    transport.close()
    socket.destroy()
  }
}

function memberOf(error: unknown, name: string): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  return new Map<string, unknown>(Object.entries(error)).get(name)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
