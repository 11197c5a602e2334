// The requests of a connection one after another (RFC 9112, section 9.3.2). Node hands over all that came in one packet: begun
// together, each would hold a file and buffers for an answer that cannot be sent yet, and one behind a refusal that closes the
// connection would still act.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Clients of registries wait for each answer. What waits is only a head, and is read all the same, so it needs a bound. */
const mostWaiting = 32

/** For a server that has its listeners for requests; `onFlood` is given a connection that sends too many ahead. */
export function answerInTurn(server: Server, onFlood: (socket: Socket) => void): void {
  const listeners = server.listeners('request')
  /** Of connections with a request in hand, those that wait behind it. */
  const waiting = new WeakMap<Socket, (() => void)[]>()
  const goOn = (socket: Socket): void => {
    // After the last answer of a connection nothing is begun, also of what may still be read from it.
    if (!socket.writable) return
    const begin = waiting.get(socket)?.shift()
    if (begin === undefined) waiting.delete(socket)
    else begin()
  }
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const begin = (): void => {
      response.once('close', () => goOn(socket))
      for (const listener of listeners) listener.call(server, request, response)
    }
    const behind = waiting.get(socket)
    if (behind === undefined) {
      waiting.set(socket, [])
      begin()
    } else if (behind.length < mostWaiting) behind.push(begin)
    // The rest of the packet is still read after the cut.
    else if (!socket.destroyed) onFlood(socket)
  })
}
