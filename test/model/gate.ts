// Where concurrent operations stand still. An operation reaches the database and the stored bytes only through ports that stop at the
// gate; the schedule then lets one of those that stand there go on, and looks again when it stands or has ended. So the
// order of everything that operations do to shared state follows from the schedule's seed.
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Parked {
  readonly task: Task
  readonly place: string
  /** Whether it could go on now; a transaction waits for the one that is open. */
  readonly isReady: () => boolean
  readonly goOn: () => void
  readonly fail: (error: Error) => void
}

/** One operation of a client, from its call to its answer. */
export interface Task {
  readonly id: number
  readonly name: string
  /** Others go before it, nearly always: a client on a thin line, or a server that swaps. */
  isSlow: boolean
  /** A transaction of this task is open. */
  inTransaction: boolean
  /** Within BlobStore.write, whose driver may hold a file open. */
  isWriting: boolean
  isAbandoned: boolean
}

/** What a task that is killed within a transaction meets, so that the transaction rolls back as it would without it. */
export class Killed extends Error {}

export class Gate {
  readonly #tasks = new Set<Task>()
  #parked: readonly Parked[] = []
  #running = 0
  #nextId = 1
  #failure: { readonly error: unknown } | undefined

  get active(): number {
    return this.#tasks.size
  }

  /** Those that could go on. */
  get ready(): readonly Parked[] {
    return this.#parked.filter(({ isReady }) => isReady())
  }

  start(name: string, isSlow: boolean, work: (task: Task) => Promise<void>): Task {
    const task = {
      id: this.#nextId,
      name,
      isSlow,
      inTransaction: false,
      isWriting: false,
      isAbandoned: false,
    }
    this.#nextId += 1
    this.#tasks.add(task)
    this.#running += 1
    work(task)
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) this.#failure ??= { error }
      })
      .finally(() => {
        this.#tasks.delete(task)
        this.#running -= 1
      })
      // Nothing can be left to reject: the failure is kept above and thrown by settle.
      .catch(() => undefined)
    return task
  }

  /** Stands still until the schedule picks it. */
  async pass(task: Task, place: string, isReady: () => boolean = () => true): Promise<void> {
    this.#running -= 1
    await new Promise<void>((goOn, fail) => {
      this.#parked = [...this.#parked, { task, place, isReady, goOn, fail }]
    })
  }

  release(parked: Parked): void {
    this.#take(parked)
    this.#running += 1
    parked.goOn()
  }

  /** The process that ran it is gone: it never goes on, and its transaction is undone. */
  kill(parked: Parked): void {
    this.#take(parked)
    parked.task.isAbandoned = true
    if (parked.task.inTransaction) {
      this.#running += 1
      parked.fail(new Killed())
    } else this.#tasks.delete(parked.task)
  }

  /** Until every task stands at the gate or has ended; throws what one of them threw. */
  async settle(): Promise<void> {
    do await nextTurn()
    while (this.#running > 0)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #take(parked: Parked): void {
    this.#parked = this.#parked.filter((other) => other !== parked)
  }
}
