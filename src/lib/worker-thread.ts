// One worker thread as its owner has it: with a heap of its own, and one end, after which it hears nothing more.
import { Worker } from 'node:worker_threads'

export interface WorkerThreadOptions<From> {
  /** Module of the worker. */
  readonly entry: URL
  readonly maxOldGenerationSizeMb: number
  readonly onMessage: (message: From) => void
  /** Once at most, when it ended by itself. */
  readonly onDeath: (death: WorkerDeath) => void
}

export interface WorkerDeath {
  readonly isOutOfMemory: boolean
  readonly message: string
}

export class WorkerThread<To, From> {
  readonly #worker: Worker
  #ended: Promise<unknown> | undefined

  constructor({ entry, maxOldGenerationSizeMb, onMessage, onDeath }: WorkerThreadOptions<From>) {
    const die = (message: string, isOutOfMemory = false): void => {
      if (!this.isAlive) return
      this.#ended = this.#worker.terminate()
      onDeath({ message, isOutOfMemory })
    }
    this.#worker = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb } })
    this.#worker.on('message', (message: From) => {
      if (this.isAlive) onMessage(message)
    })
    this.#worker.on('messageerror', (error) => die(error.message))
    this.#worker.on('error', (error) => die(String(error), hasNoMemory(error)))
    this.#worker.on('exit', (code) => die(`it ended with code ${code}`))
  }

  get isAlive(): boolean {
    return this.#ended === undefined
  }

  /** What one that ended is told is lost. */
  post(message: To, transfer: readonly ArrayBuffer[] = []): void {
    if (this.isAlive) this.#worker.postMessage(message, [...transfer])
  }

  /** Whatever it is at; resolves when it is gone. */
  async end(): Promise<void> {
    this.#ended ??= this.#worker.terminate()
    await this.#ended
  }
}

function hasNoMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}
