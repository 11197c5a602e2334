// The root of the public sigstore instance: shipped with the program, and brought up to date from its TUF repository or a mirror of it.
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../lib/clock.ts'
import type { OutboundFetch } from '../lib/outbound-fetch.ts'
import type { AccountId } from '../policy/account-id.ts'
import { readDocument } from '../signatures/tuf/metadata.ts'
import { updateTuf, type TufFetch } from '../signatures/tuf/update-tuf.ts'
import type { Database } from '../storage/database/database.ts'
import {
  findPublicRootState,
  listPublicRoots,
  writePublicRootState,
  type PublicRootState,
} from './public-root-store.ts'
import { putTrustMaterial } from './put-trust-material.ts'
import type { ChangedTrust } from './put-trust-policy.ts'
import { findMaterial } from './trust-material-store.ts'

export const refreshPublicRootJob = 'refresh-public-root'
export const refreshPublicRootEveryMs = 24 * 3_600_000

/** What the program brings along: documents of the public repository at a day before its release. */
export interface PublicRootSeed {
  /** root.json, base64. */
  readonly root: string
  /** trusted_root.json, base64. */
  readonly trustedRoot: string
}

export interface PublicRootDeps {
  readonly database: Database
  readonly clock: Clock
  readonly fetch: OutboundFetch
  /** Address of the repository; undefined in a network that has no way to one. */
  readonly mirror: string | undefined
  readonly seed: PublicRootSeed
}

const target = 'trusted_root.json'
const documentMs = 10_000
const wholeMs = 60_000
const maxFollowers = 10_000
const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }

export interface FollowedRoot extends ChangedTrust {
  readonly confirmedAt: Date | undefined
  readonly failure: string | undefined
}

/** Puts the public instance's root under a name; it is kept up to date from then on. Works without a network, from what is at hand. */
export async function followPublicRoot(
  deps: PublicRootDeps,
  {
    account,
    name,
    by,
  }: { readonly account: AccountId; readonly name: string; readonly by: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<FollowedRoot> {
  const state = await refreshed(deps, signal)
  const { confirmedAt, failure } = state
  const reference = { kind: 'root', name } as const
  const text = Buffer.from(state.trustedRoot).toString()
  const input = { account, reference, text, window, by, isPublic: true }
  return { ...(await putTrustMaterial(deps, input)), confirmedAt, failure }
}

/** The job of each day. Nobody is asked where no account has such a root. */
export async function refreshPublicRoot(
  deps: PublicRootDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const followers = await listPublicRoots(deps.database, maxFollowers)
  if (followers.length === 0) return
  const { trustedRoot } = await refreshed(deps, signal)
  const text = Buffer.from(trustedRoot).toString()
  for (const { account, name, by } of followers) {
    const reference = { kind: 'root', name } as const
    const before = await findMaterial(deps.database, account, reference)
    const { material } = before ?? {}
    if (material?.kind === 'root' && material.json === text) continue
    await putTrustMaterial(deps, { account, reference, text, window, by, isPublic: true })
  }
}

async function refreshed(deps: PublicRootDeps, signal: AbortSignal): Promise<PublicRootState> {
  const { database, clock, mirror } = deps
  const now = clock.now()
  const stored = await findPublicRootState(database)
  const known = newerOf(stored, seedState(deps.seed, now))
  const state =
    mirror === undefined
      ? { ...known, triedAt: now, failure: 'no mirror is set (PRATIQUE_SIGSTORE_MIRROR)' }
      : await updated(known, mirrorFetch(deps, mirror, signal), now)
  signal.throwIfAborted()
  return database.transaction(async (tx) => {
    // Who began with the same documents and was done first may have newer ones: they are not to go back.
    const present = await findPublicRootState(tx)
    if (present !== undefined && !isDeepStrictEqual(present, stored)) return present
    await writePublicRootState(tx, state)
    return state
  })
}

async function updated(
  known: PublicRootState,
  fetch: TufFetch,
  now: Date,
): Promise<PublicRootState> {
  const options = { fetch, target, now: now.getTime() }
  const update = await updateTuf(known.documents, options)
  const documents = update.state
  if (update.kind === 'failed') return { ...known, documents, triedAt: now, failure: update.reason }
  const trustedRoot = update.target
  return { documents, trustedRoot, confirmedAt: now, triedAt: now, failure: undefined }
}

function seedState(seed: PublicRootSeed, now: Date): PublicRootState {
  return {
    documents: { root: Buffer.from(seed.root, 'base64') },
    trustedRoot: Buffer.from(seed.trustedRoot, 'base64'),
    confirmedAt: undefined,
    triedAt: now,
    failure: undefined,
  }
}

/** A program that was updated may know more than what was last fetched. */
function newerOf(stored: PublicRootState | undefined, shipped: PublicRootState): PublicRootState {
  if (stored === undefined) return shipped
  const [one, other] = [stored, shipped].map(
    ({ documents }) => readDocument('root', documents.root).version,
  )
  if ((other ?? 0) > (one ?? 0)) return shipped
  // What no mirror ever confirmed was shipped too, by this program or by an older one.
  const isShipped = stored.confirmedAt === undefined && other === one
  return isShipped ? { ...stored, trustedRoot: shipped.trustedRoot } : stored
}

function mirrorFetch({ fetch }: PublicRootDeps, mirror: string, signal: AbortSignal): TufFetch {
  const whole = AbortSignal.any([signal, AbortSignal.timeout(wholeMs)])
  // Everything is signed: a mirror in a closed network needs no certificate.
  const plain = mirror.startsWith('http:') ? { isPlain: true as const } : {}
  return async (path, maxBytes) => {
    const limits = { allowPrivateNetwork: true, maxBytes, timeoutMs: documentMs, ...plain }
    const answer = await fetch(`${mirror}/${path}`, limits, { signal: whole })
    return answer.kind === 'document' ? answer.bytes : undefined
  }
}
