// A client of the server under test: requests whose effect the model knows before they are answered.
import { ECRClient } from '@aws-sdk/client-ecr'
import { cloneState, type State } from './model.ts'
import type { ServerUnderTest } from './server-under-test.ts'

/** The server has died, or cut the connection, before it answered. */
export class Gone extends Error {}

/** An answer that is no success. */
export class Refused extends Error {
  readonly answer: Answer

  constructor(what: string, answer: Answer) {
    super(`${what}: ${answer.status} ${answer.body.toString().slice(0, 300)}`)
    this.answer = answer
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

export interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** What a request does to what the client may rely on. */
export type Effect = (state: State) => void

export class Client {
  readonly server: ServerUnderTest
  /** How far the server's clock is ahead of the machine's. */
  aheadMs: number
  /** What was acknowledged. */
  state: State
  /** The effect of the request that has no answer yet. */
  pending: Effect | undefined

  constructor(server: ServerUnderTest, state: State, aheadMs: number) {
    this.server = server
    this.state = state
    this.aheadMs = aheadMs
  }

  /** Any answer; Gone when there is none. */
  async ask({ method, path, headers, body }: Call): Promise<Answer> {
    try {
      const response = await fetch(this.server.url + path, {
        method,
        headers: { authorization: this.server.authorization, ...headers },
        ...(body === undefined ? {} : { body: new Uint8Array(body) }),
        redirect: 'manual',
      })
      const { status, headers: answered } = response
      return { status, headers: answered, body: Buffer.from(await response.arrayBuffer()) }
    } catch (cause) {
      throw new Gone(`${method} ${path} has no answer`, { cause })
    }
  }

  /** A request that must succeed with one of these statuses; its effect counts from the answer on, and may count before. */
  async change(
    call: Call,
    statuses: readonly number[],
    effect: (state: State, answer: Answer | undefined) => void,
  ): Promise<Answer> {
    this.pending = (state) => effect(state, undefined)
    const answer = await this.ask(call)
    if (!statuses.includes(answer.status)) throw new Refused(`${call.method} ${call.path}`, answer)
    effect(this.state, answer)
    this.pending = undefined
    return answer
  }

  /** The same for an operation of the API, by the SDK. */
  async operation<T>(effect: Effect, work: (ecr: ECRClient) => Promise<T>): Promise<T> {
    this.pending = effect
    // One for each call: the SDK would take the machine's time from the Date of the first answer.
    const ecr = new ECRClient({
      endpoint: this.server.url,
      region: 'us-east-1',
      credentials: this.server.keys,
      maxAttempts: 1,
      systemClockOffset: this.aheadMs,
    })
    try {
      const result = await work(ecr)
      effect(this.state)
      this.pending = undefined
      return result
    } catch (error) {
      throw failureOf(error)
    } finally {
      ecr.destroy()
    }
  }

  /** The states of which the server must be in one: before the request without an answer, and after it. */
  candidates(): readonly State[] {
    if (this.pending === undefined) return [this.state]
    const after = cloneState(this.state)
    this.pending(after)
    return [this.state, after]
  }
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('$metadata' in error))
    return new Gone('no answer', { cause: error })
  const { httpStatusCode: status } = error.$metadata as { readonly httpStatusCode?: number }
  if (status === undefined) return new Gone('no answer', { cause: error })
  const body = JSON.stringify({ __type: error.name, message: error.message })
  const headers = new Headers({ 'x-amzn-errortype': error.name })
  return new Refused('operation', { status, headers, body: Buffer.from(body) })
}
