// A receiver of webhooks on loopback that the test lets stop, answer or hang.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly event: {
    readonly id: string
    readonly 'detail-type': string
    readonly detail: Readonly<Record<string, unknown>>
  }
}

export interface WebhookReceiver {
  readonly url: string
  /** In the order of arrival. */
  readonly messages: readonly WebhookMessage[]
  /** The status for a message; undefined to say nothing. */
  answer: (message: WebhookMessage) => number | undefined
  /** Resolves when what arrived is so. */
  until(isSo: (messages: readonly WebhookMessage[]) => boolean): Promise<void>
  /** Nobody listens until `start`, at the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function webhookReceiver(t: TestContext): Promise<WebhookReceiver> {
  const messages: WebhookMessage[] = []
  const waiting = new Set<() => void>()
  let server: Server | undefined
  let port = 0
  const receiver: WebhookReceiver = {
    get url() {
      return `http://127.0.0.1:${port}/hook`
    },
    messages,
    answer: () => 204,
    until(isSo) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if (!isSo(messages)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
    async stop() {
      server?.closeAllConnections()
      await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined))
      server = undefined
    },
    async start() {
      server = createServer((request, response) => {
        let body = ''
        request.on('data', (piece: Buffer) => {
          body += piece.toString()
        })
        request.on('end', () => {
          const headers = request.headers as WebhookMessage['headers']
          const message = { headers, body, event: JSON.parse(body) as WebhookMessage['event'] }
          const status = receiver.answer(message)
          messages.push(message)
          if (status !== undefined) response.writeHead(status).end()
          for (const look of waiting) look()
        })
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
  }
  await receiver.start()
  t.after(() => receiver.stop())
  return receiver
}
