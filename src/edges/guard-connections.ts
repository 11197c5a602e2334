// How many connections there may be, how long one may stand still, and how one is closed. A connection is
//   waiting    for the head of a request: Node's own time limits for heads and for idle connections hold
//   receiving  a body: the next move is the client's while nothing that arrived waits to be taken
//   sending    an answer: the next move is the client's while bytes wait for the socket to take them
//   closing    after an answer that came before the end of the request: what still comes is thrown away for a moment
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { answerInTurn } from './answer-in-turn.ts'
import { rawRefusal } from './raw-refusal.ts'
import { clientNetwork } from './rules/client-network.ts'
import {
  patienceAfter,
  patienceForRequest,
  type Patience,
  type PatienceLimits,
} from './rules/patience.ts'

export interface ConnectionLimits extends Omit<PatienceLimits, 'longestLookMs'> {
  readonly connections: number
  readonly connectionsPerAddress: number
}

/** Why a connection was refused or ended before its time. */
export type ConnectionFault = 'too-many' | 'too-many-of-address' | 'too-many-ahead' | 'too-slow'

export interface GuardDeps {
  readonly clock: Clock
  readonly limits: ConnectionLimits
  readonly onFault: (fault: ConnectionFault, address: string | undefined) => void
}

/** What a client still sends after its refusal is read for so long: closed at once, it would see a reset instead of the answer. */
const lingerMs = 2000
/** Connections that are closed gently at a time, besides those that count; more are cut. */
const maxLingering = 200

interface Connection {
  readonly network: string
  request: IncomingMessage | undefined
  patience: Patience | undefined
}

/** Watches every connection of the servers given to it. */
export class ConnectionGuard {
  readonly #deps: GuardDeps
  readonly #patience: PatienceLimits
  readonly #connections = new Map<Socket, Connection>()
  readonly #perNetwork = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  readonly #maxLingering: number
  #lingering = 0

  constructor(deps: GuardDeps) {
    this.#deps = deps
    this.#maxLingering = Math.min(maxLingering, Math.ceil(deps.limits.connections / 4))
    const lookMs = Math.max(50, deps.limits.initialMs / 12)
    this.#patience = { ...deps.limits, longestLookMs: 2 * lookMs }
    this.#timer = setInterval(() => this.#look(), lookMs)
    this.#timer.unref()
  }

  /** How long a client is waited for that has moved nothing. */
  get initialMs(): number {
    return this.#deps.limits.initialMs
  }

  /** Before it listens: its connections and requests come through here, then to the server's own listeners. */
  watch(server: Server): void {
    const listeners = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return
      for (const listener of listeners) listener.call(server, socket)
    })
    server.prependListener('request', (request: IncomingMessage) => this.#begin(request))
    answerInTurn(server, (socket) => {
      this.#deps.onFault('too-many-ahead', socket.remoteAddress)
      socket.destroy()
    })
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #admit(socket: Socket): boolean {
    const network = clientNetwork(socket.remoteAddress)
    const ofNetwork = this.#perNetwork.get(network) ?? 0
    const { connections, connectionsPerAddress } = this.#deps.limits
    if (this.#connections.size >= connections) return this.#refuse(socket, 'too-many')
    if (ofNetwork >= connectionsPerAddress) return this.#refuse(socket, 'too-many-of-address')
    this.#perNetwork.set(network, ofNetwork + 1)
    this.#connections.set(socket, { network, request: undefined, patience: undefined })
    socket.once('close', () => this.#forget(socket, network))
    this.#closeGently(socket)
    return true
  }

  #forget(socket: Socket, network: string): void {
    this.#connections.delete(socket)
    const left = (this.#perNetwork.get(network) ?? 1) - 1
    if (left > 0) this.#perNetwork.set(network, left)
    else this.#perNetwork.delete(network)
  }

  #refuse(socket: Socket, fault: 'too-many' | 'too-many-of-address'): false {
    this.#deps.onFault(fault, socket.remoteAddress)
    socket.on('error', () => undefined)
    if (this.#lingering >= this.#maxLingering) {
      socket.destroy()
      return false
    }
    this.#linger(socket)
    // After it has asked: clients take an answer that comes before for a fault of the connection.
    socket.once('data', () => socket.end(rawRefusal(refusals[fault])))
    return false
  }

  /** Node closes a connection after its last answer by this call of the socket. */
  #closeGently(socket: Socket): void {
    const closeNow = socket.destroySoon.bind(socket)
    socket.destroySoon = () => {
      const request = this.#connections.get(socket)?.request
      const isCut =
        request !== undefined && !request.complete && this.#lingering < this.#maxLingering
      if (isCut) {
        this.#linger(socket)
        socket.end()
      } else closeNow()
    }
  }

  #linger(socket: Socket): void {
    this.#lingering += 1
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => {
      this.#lingering -= 1
      clearTimeout(timer)
    })
    // A request that nobody reads any more would stop its socket.
    socket.on('pause', () => socket.resume())
    socket.resume()
  }

  #begin(request: IncomingMessage): void {
    const { socket } = request
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    const now = { at: this.#deps.clock.now().getTime(), moved: movedBytes(socket) }
    connection.request = request
    connection.patience = patienceForRequest(this.#patience, connection.patience, now)
  }

  #look(): void {
    const at = this.#deps.clock.now().getTime()
    for (const [socket, connection] of this.#connections) {
      const { patience, request } = connection
      if (patience === undefined || request === undefined) continue
      const now = {
        at,
        moved: movedBytes(socket),
        isClientsTurn: isClientsTurn(socket, request),
      }
      connection.patience = patienceAfter(this.#patience, patience, now)
      if (connection.patience.leftMs > 0) continue
      this.#deps.onFault('too-slow', socket.remoteAddress)
      socket.destroy()
    }
  }
}

const refusals = {
  'too-many': {
    status: 503,
    code: 'TOOMANYREQUESTS',
    message: 'this registry has all the connections that it may have; try again later',
    headers: { 'retry-after': '5' },
  },
  'too-many-of-address': {
    status: 429,
    code: 'TOOMANYREQUESTS',
    message:
      'your address has all the connections to this registry that it may have; close some, or have PRATIQUE_MAX_CONNECTIONS_PER_ADDRESS raised',
    headers: { 'retry-after': '5' },
  },
} as const

function movedBytes(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength
}

function isClientsTurn(socket: Socket, request: IncomingMessage): boolean {
  return socket.writableLength > 0 || (!request.complete && request.readableLength === 0)
}
