import { hash } from 'node:crypto'
import type { JWK } from 'jose'
import { BoundedCache } from '../../lib/bounded-cache.ts'
import type { Clock } from '../../lib/clock.ts'
import type { OutboundFetch } from '../../lib/outbound-fetch.ts'
import { fetchKeys, type FetchedKeys, type Issuer } from './fetch-keys.ts'

/** Keys are used for so long after they were fetched while the provider cannot be reached. */
const staleMs = 24 * 3_600_000
/** Between two fetches because of a key that is not in the set: who sends made-up key ids must not make us fetch. */
const unknownKeyPauseMs = 60_000
/** Between two fetches that fail. */
const failurePauseMs = 5000

interface Held {
  readonly keys: readonly JWK[]
  readonly fetchedAt: number
  readonly freshUntil: number
}

interface State {
  held: Held | undefined
  askedAt: number
  hasFailed: boolean
  running: Promise<FetchedKeys> | undefined
}

interface KeySetDeps {
  readonly fetch: OutboundFetch
  readonly clock: Clock
  /** Told of each fetch that fails, and why: whoever sends a token is not, since it would tell strangers what this network looks like. */
  readonly onFailure?: (issuerUrl: string, reason: string) => void
}

export type KeysOfIssuer =
  { readonly kind: 'keys'; readonly keys: readonly JWK[] } | { readonly kind: 'unreachable' }

/**
 * The key sets of providers, as they were fetched last. A set is in one of these states:
 * - fresh: for as long as the provider said (see access/rules/key-lifetime.ts). It is used; a key id that it lacks has it fetched again,
 *   once a minute at most, since providers publish new keys shortly before they sign with them.
 * - old, up to a day after it was fetched: it is fetched again, and used once more if that fails.
 * - absent: it is fetched, and 'unreachable' if that fails.
 * Whoever asks while it is fetched waits for that fetch.
 */
export class KeySets {
  readonly #deps: KeySetDeps
  readonly #states = new BoundedCache<State>(1000)

  constructor(deps: KeySetDeps) {
    this.#deps = deps
  }

  /** A set that has the key, if there is one; else the set that there is. */
  async find(issuer: Issuer, keyId: string | undefined): Promise<KeysOfIssuer> {
    const state = this.#stateOf(issuer)
    const now = this.#deps.clock.now().getTime()
    const { held } = state
    if (held !== undefined && !this.#needsFetch(state, held, keyId, now)) {
      return { kind: 'keys', keys: held.keys }
    }
    const isPaused = now - state.askedAt < failurePauseMs && state.hasFailed
    if (!isPaused) await this.#fetch(state, issuer, now)
    return usable(state, now)
  }

  #needsFetch(state: State, held: Held, keyId: string | undefined, now: number): boolean {
    if (now >= held.freshUntil) return true
    const isThere = keyId === undefined || held.keys.some((key) => key.kid === keyId)
    return !isThere && now - state.askedAt >= unknownKeyPauseMs
  }

  /** Not ended by one caller's going: others may wait for the same. */
  async #fetch(state: State, issuer: Issuer, now: number): Promise<void> {
    const { signal } = new AbortController()
    state.running ??= fetchKeys(this.#deps, issuer, { signal }).finally(() => {
      state.running = undefined
    })
    state.askedAt = now
    const result = await state.running
    if (result.kind === 'unreachable') {
      state.hasFailed = true
      this.#deps.onFailure?.(issuer.url, result.reason)
      return
    }
    state.hasFailed = false
    state.held = { keys: result.keys, fetchedAt: now, freshUntil: now + result.lifetimeMs }
  }

  /** Another setting of the provider is another set. */
  #stateOf(issuer: Issuer): State {
    const name = hash('sha256', JSON.stringify(issuer), 'base64')
    const now = this.#deps.clock.now()
    const known = this.#states.get(name, now)
    const state = known ?? {
      held: undefined,
      askedAt: 0,
      hasFailed: false,
      running: undefined,
    }
    this.#states.set(name, state, new Date(now.getTime() + 2 * staleMs))
    return state
  }
}

function usable({ held }: State, now: number): KeysOfIssuer {
  if (held !== undefined && now < held.fetchedAt + staleMs) return { kind: 'keys', keys: held.keys }
  return { kind: 'unreachable' }
}
