// Some workers, lent to one borrower at a time each. They start when they are first needed; one that died is replaced.

export interface PooledWorker {
  readonly isAlive: boolean
  /** Resolves when it is gone. */
  kill(): Promise<void>
}

export interface WorkerPoolOptions<Made extends PooledWorker> {
  /** One at least. */
  readonly workers: number
  readonly make: () => Made
  /** So many wait for a turn; whoever comes then is told so at once. */
  readonly maxWaiting?: number
}

/** Thrown where too many wait already. */
export class WorkersBusyError extends Error {}

export class WorkerPool<Made extends PooledWorker> {
  readonly #workers: number
  readonly #make: () => Made
  readonly #maxWaiting: number
  readonly #all = new Set<Made>()
  readonly #idle: Made[] = []
  /** Those who wait for a turn; each is told once, that it may look again. */
  readonly #waiting = new Set<PromiseWithResolvers<void>>()
  #isClosed = false

  constructor({ workers, make, maxWaiting = Infinity }: WorkerPoolOptions<Made>) {
    this.#workers = Math.max(1, workers)
    this.#make = make
    this.#maxWaiting = maxWaiting
  }

  /** Rejects without a turn when `signal` is aborted, the pool was closed, or too many wait (WorkersBusyError). */
  async use<Result>(
    work: (worker: Made) => Promise<Result>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Result> {
    const worker = await this.#acquire(signal)
    try {
      return await work(worker)
    } finally {
      await this.#release(worker)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const turn of this.#waiting) turn.resolve()
    await Promise.all([...this.#all].map((worker) => worker.kill()))
  }

  async #acquire(signal: AbortSignal): Promise<Made> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#isClosed) throw new Error('the workers are closed')
      const idle = this.#idle.pop()
      if (idle?.isAlive === true) return idle
      if (idle !== undefined) this.#all.delete(idle)
      if (this.#all.size < this.#workers) return this.#add()
      if (this.#waiting.size >= this.#maxWaiting) throw new WorkersBusyError('too many wait')
      await this.#turn(signal)
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>()
    const wake = (): void => turn.resolve()
    this.#waiting.add(turn)
    signal.addEventListener('abort', wake, { once: true })
    await turn.promise
    signal.removeEventListener('abort', wake)
    this.#waiting.delete(turn)
    // A turn given to somebody who gives up goes to the next.
    if (signal.aborted) this.#wakeNext()
  }

  #add(): Made {
    const worker = this.#make()
    this.#all.add(worker)
    return worker
  }

  async #release(worker: Made): Promise<void> {
    if (worker.isAlive) {
      this.#idle.push(worker)
    } else {
      await worker.kill()
      this.#all.delete(worker)
    }
    this.#wakeNext()
  }

  #wakeNext(): void {
    const [turn] = this.#waiting
    if (turn === undefined) return
    this.#waiting.delete(turn)
    turn.resolve()
  }
}
