// A mail server on loopback, as far as a client needs one; what it was told is kept.
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Certificate } from './certificate.ts'

export interface TestMailServer {
  readonly port: number
  /** Every command in order, and the mails as they came. */
  readonly commands: readonly string[]
  readonly mails: readonly string[]
}

export interface MailServerOptions {
  /** Offers STARTTLS with it. */
  readonly certificate?: Certificate
  /** What it answers to DATA's end. */
  readonly answer?: string
}

export async function mailServer(
  t: TestContext,
  { certificate, answer = '250 taken' }: MailServerOptions = {},
): Promise<TestMailServer> {
  const commands: string[] = []
  const mails: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write('220 test\r\n')
    converse(socket, { certificate, answer, commands, mails })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, commands, mails }
}

interface Conversation {
  readonly certificate: Certificate | undefined
  readonly answer: string
  readonly commands: string[]
  readonly mails: string[]
}

function converse(socket: Socket, told: Conversation): void {
  const { certificate, answer, commands, mails } = told
  let mail: string[] | undefined
  const lines = createInterface({ input: socket })
  lines.on('line', (line) => {
    if (mail !== undefined) {
      if (line !== '.') return void mail.push(line)
      mails.push(mail.join('\n'))
      mail = undefined
      return void socket.write(`${answer}\r\n`)
    }
    commands.push(line)
    const [verb = ''] = line.toUpperCase().split(' ')
    if (verb === 'STARTTLS' && certificate !== undefined) {
      socket.write('220 go\r\n')
      lines.close()
      socket.removeAllListeners('data')
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: createSecureContext(certificate),
      })
      secure.on('error', () => undefined)
      return converse(secure, { ...told, certificate: undefined })
    }
    if (verb === 'DATA') mail = []
    const offers = certificate === undefined ? '250 AUTH PLAIN' : '250-STARTTLS\r\n250 AUTH PLAIN'
    const answers: Readonly<Record<string, string>> = {
      EHLO: `250-test\r\n${offers}`,
      DATA: '354 go',
      QUIT: '221 bye',
      AUTH: '235 in',
    }
    socket.write(`${answers[verb] ?? '250 ok'}\r\n`)
  })
}
