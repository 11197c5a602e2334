// Inside a server under test: names every step that a request takes through the ports, and stops or fails where it was told to.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Fault, FaultKind, Recording, StepName } from './orders.ts'

export class Tracer {
  /** What runs for no request: first the start, then the jobs. */
  #background: 'start' | 'job' = 'start'
  readonly #requests = new AsyncLocalStorage<string>()
  #kill: { readonly step: StepName; left: number } | undefined
  #recording: { steps: StepName[]; chances: Map<FaultKind, number> } | undefined
  #fault: { readonly fault: Fault; seen: number } | undefined

  /** From here on, what runs in this asynchronous context belongs to the request. */
  enter(request: string): void {
    this.#requests.enterWith(request)
  }

  /** What the running code does its work for: a request, or the jobs in the background. */
  get current(): string {
    return this.#requests.getStore() ?? this.#background
  }

  /** What a request starts and is no step of it: the harness neither counts it nor lets it fail. */
  aside<T>(work: () => T): T {
    return this.#requests.run(this.#background, work)
  }

  isReady(): void {
    this.#background = 'job'
  }

  killAt(step: StepName, occurrence: number): void {
    this.#kill = { step, left: occurrence }
  }

  record(): void {
    this.#recording = { steps: [], chances: new Map() }
  }

  recorded(): Recording {
    const none = { steps: [], chances: new Map<FaultKind, number>() }
    const { steps, chances } = this.#recording ?? none
    this.#recording = undefined
    return { steps, chances: Object.fromEntries(chances) }
  }

  fail(fault: Fault): void {
    this.#fault = { fault, seen: 0 }
  }

  /** No fault from now on; how often it has happened. */
  mend(): { readonly happened: number } {
    const { fault, seen } = this.#fault ?? { fault: { from: 1 }, seen: 0 }
    this.#fault = undefined
    return { happened: Math.max(0, seen - fault.from + 1) }
  }

  /** The process may end here. */
  reach(request: string, place: string): void {
    const step = `${request} / ${place}`
    this.#recording?.steps.push(step)
    if (this.#kill?.step !== step) return
    this.#kill.left -= 1
    if (this.#kill.left === 0) dieNow()
  }

  /** Whether a fault of this kind is to happen now; background work is spared, so that occurrences can be counted. */
  failsNow(kind: FaultKind, request = this.current): boolean {
    if (request === this.#background) return false
    const { chances } = this.#recording ?? {}
    chances?.set(kind, (chances.get(kind) ?? 0) + 1)
    if (this.#fault?.fault.kind !== kind) return false
    this.#fault.seen += 1
    return this.#fault.seen >= this.#fault.fault.from
  }
}

/** The signal may need a moment; nothing of this thread runs in it. */
function dieNow(): never {
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('unreachable')
}
