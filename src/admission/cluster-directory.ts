// Which cluster asks? Those that were let in before are known while the database does not answer.
import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { withinTime } from '../lib/deadline.ts'
import type { Database } from '../storage/database/database.ts'
import { findClusterById, touchCluster, type Cluster } from './cluster-store.ts'
import { tokenHash } from './register-cluster.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly deadlineMs: number
  readonly onFault: (error: unknown) => void
}

/** How often it is written down that a cluster asked. */
const touchEveryMs = 3_600_000
const maxRemembered = 1000

export class ClusterDirectory {
  readonly #deps: Deps
  readonly #remembered = new Map<string, Cluster>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Undefined for an id that is none, and for a token that is not its own: nobody is told which. */
  async admit(id: string, token: string): Promise<Cluster | undefined> {
    const cluster = await this.#find(id)
    if (cluster === undefined || !isSame(tokenHash(token), cluster.tokenHash)) return undefined
    return cluster
  }

  /** Remembers that it asked, to the hour. */
  async touch({ id, lastAskedAt }: Cluster): Promise<void> {
    const { database, clock } = this.#deps
    const now = clock.now()
    if (now.getTime() - (lastAskedAt?.getTime() ?? 0) < touchEveryMs) return
    try {
      await database.transaction((tx) => touchCluster(tx, id, now), { survives: 'process' })
    } catch (error) {
      // An answer does not wait for it.
      this.#deps.onFault(error)
    }
  }

  async #find(id: string): Promise<Cluster | undefined> {
    const { database, deadlineMs, onFault } = this.#deps
    try {
      const looked = findClusterById(database, id).then((cluster) => ({ cluster }))
      const answer = await withinTime(looked, deadlineMs)
      if (answer !== undefined) {
        this.#remember(id, answer.cluster)
        return answer.cluster
      }
    } catch (error) {
      onFault(error)
    }
    return this.#remembered.get(id)
  }

  #remember(id: string, cluster: Cluster | undefined): void {
    this.#remembered.delete(id)
    if (cluster === undefined) return
    this.#remembered.set(id, cluster)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > maxRemembered && oldest !== undefined)
      this.#remembered.delete(oldest)
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
