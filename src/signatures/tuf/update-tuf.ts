// Purpose:  bring what is known of a TUF repository up to date, and take one target of it.
// Spec:     The Update Framework 1.0.33, section 5 (detailed client workflow), with consistent snapshots.
// Input:    what was accepted before, and a mirror, which may be anybody's.
// Deviates: no delegations: what is wanted is a target of the top level.
// Unknowns: whatever is late, older, unsigned or not there → 'failed' with a sentence, and what was known stays.
import { createHash } from 'node:crypto'
import {
  isCount,
  keysOf,
  readDocument,
  recordIn,
  requireSigned,
  TufFault,
  type TufDocument,
  type TufRole,
} from './metadata.ts'

/** Documents as they came, each accepted once. */
export interface TufState {
  readonly root: Uint8Array
  readonly timestamp?: Uint8Array
  readonly snapshot?: Uint8Array
  readonly targets?: Uint8Array
}

/** Of a path below the mirror's address; undefined where there is nothing, or no answer. */
export type TufFetch = (path: string, maxBytes: number) => Promise<Uint8Array | undefined>

export type TufUpdate =
  | { readonly kind: 'updated'; readonly state: TufState; readonly target: Uint8Array }
  | { readonly kind: 'failed'; readonly state: TufState; readonly reason: string }

const maxRotations = 64
const maxBytes = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
} as const
const maxTargetBytes = 1024 * 1024

/** `now` in milliseconds. */
export async function updateTuf(
  state: TufState,
  {
    fetch,
    target,
    now,
  }: { readonly fetch: TufFetch; readonly target: string; readonly now: number },
): Promise<TufUpdate> {
  let kept = state
  try {
    const { root, bytes, isKeyChange } = await newestRoot(state, fetch)
    // Who lost a key may have set versions as high as there are: with its new key they begin anew.
    kept = isKeyChange ? { root: bytes } : { ...state, root: bytes }
    requireInTime(root, now)
    const timestamp = await newTimestamp(kept, { root, fetch, now })
    kept = { ...kept, timestamp: timestamp.bytes }
    const snapshot = await newSnapshot(kept, { root, fetch, now, by: timestamp.document })
    kept = { ...kept, snapshot: snapshot.bytes }
    const targets = await newTargets({ root, fetch, now, by: snapshot.document })
    kept = { ...kept, targets: targets.bytes }
    return { kind: 'updated', state: kept, target: await targetOf(targets.document, fetch, target) }
  } catch (error) {
    if (!(error instanceof TufFault)) throw error
    return { kind: 'failed', state: kept, reason: error.message }
  }
}

interface Read {
  readonly document: TufDocument
  readonly bytes: Uint8Array
}

interface Context {
  readonly root: TufDocument
  readonly fetch: TufFetch
  readonly now: number
}

/** Each is signed by the one before and by itself. */
async function newestRoot(
  state: TufState,
  fetch: TufFetch,
): Promise<{
  readonly root: TufDocument
  readonly bytes: Uint8Array
  readonly isKeyChange: boolean
}> {
  let { root: bytes } = state
  const first = readDocument('root', bytes)
  let root = first
  for (let rotation = 0; rotation < maxRotations; rotation += 1) {
    const next = await fetch(`${root.version + 1}.root.json`, maxBytes.root)
    if (next === undefined) break
    const document = readDocument('root', next)
    requireSigned(document, keysOf(root, 'root'))
    requireSigned(document, keysOf(document, 'root'))
    if (document.version !== root.version + 1)
      throw new TufFault(`root ${root.version + 1} says that it is ${document.version}`)
    root = document
    bytes = next
  }
  const isKeyChange = (['timestamp', 'snapshot'] as const).some(
    (role) => namesOf(first, role) !== namesOf(root, role),
  )
  return { root, bytes, isKeyChange }
}

function namesOf(root: TufDocument, role: TufRole): string {
  return [...keysOf(root, role).keys.keys()].toSorted().join()
}

async function newTimestamp(state: TufState, context: Context): Promise<Read> {
  const read = await fetched('timestamp', 'timestamp.json', context)
  const { document } = read
  const known =
    state.timestamp === undefined ? undefined : readDocument('timestamp', state.timestamp)
  if (known !== undefined) {
    requireNotOlder(document.version, known.version, 'timestamp')
    const [next, before] = [document, known].map((one) => metaOf(one, 'snapshot').version)
    requireNotOlder(next ?? 0, before ?? 0, 'snapshot')
  }
  requireInTime(document, context.now)
  return read
}

async function newSnapshot(
  state: TufState,
  context: Context & { readonly by: TufDocument },
): Promise<Read> {
  const read = await listed('snapshot', context)
  const { document } = read
  if (state.snapshot !== undefined) {
    const known = metaOf(readDocument('snapshot', state.snapshot), 'targets')
    requireNotOlder(metaOf(document, 'targets').version, known.version, 'targets')
  }
  requireInTime(document, context.now)
  return read
}

async function newTargets(context: Context & { readonly by: TufDocument }): Promise<Read> {
  const read = await listed('targets', context)
  requireInTime(read.document, context.now)
  return read
}

/** As the document before it says: its version, and its length and hashes where these are told. */
async function listed(
  role: 'snapshot' | 'targets',
  context: Context & { readonly by: TufDocument },
): Promise<Read> {
  const meta = metaOf(context.by, role)
  const read = await fetched(role, `${meta.version}.${role}.json`, context)
  requireContent(read.bytes, meta.value, role)
  if (read.document.version !== meta.version)
    throw new TufFault(`${role} is ${read.document.version}, and ${meta.version} is announced`)
  return read
}

async function fetched(
  role: Exclude<TufRole, 'root'>,
  path: string,
  { root, fetch }: Context,
): Promise<Read> {
  const bytes = await fetch(path, maxBytes[role])
  if (bytes === undefined) throw new TufFault(`${path} could not be fetched`)
  const document = readDocument(role, bytes)
  requireSigned(document, keysOf(root, role))
  return { document, bytes }
}

function metaOf(
  { signed, role }: TufDocument,
  about: 'snapshot' | 'targets',
): { readonly version: number; readonly value: Readonly<Record<string, unknown>> } {
  const value = recordIn(recordIn(signed['meta'])?.[`${about}.json`])
  const version = value?.['version']
  if (value === undefined || !isCount(version)) throw new TufFault(`${role} names no ${about}`)
  return { version, value }
}

async function targetOf(
  { signed }: TufDocument,
  fetch: TufFetch,
  target: string,
): Promise<Uint8Array> {
  const all = recordIn(signed['targets']) ?? {}
  const value = Object.hasOwn(all, target) ? recordIn(all[target]) : undefined
  const hash = recordIn(value?.['hashes'])?.['sha256']
  if (value === undefined || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
    throw new TufFault(`targets has no ${target} with a SHA-256`)
  if (!isCount(value['length'])) throw new TufFault(`${target} has no length`)
  const bytes = await fetch(`targets/${hash}.${target}`, maxTargetBytes)
  if (bytes === undefined) throw new TufFault(`${target} could not be fetched`)
  requireContent(bytes, value, target)
  return bytes
}

function requireContent(
  bytes: Uint8Array,
  { length, hashes }: Readonly<Record<string, unknown>>,
  what: string,
): void {
  if (length !== undefined && length !== bytes.byteLength)
    throw new TufFault(`${what} has another length than announced`)
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const wanted = recordIn(hashes)?.[algorithm]
    if (wanted !== undefined && wanted !== createHash(algorithm).update(bytes).digest('hex'))
      throw new TufFault(`${what} has another hash than announced`)
  }
}

function requireNotOlder(next: number, before: number, what: string): void {
  if (next < before) throw new TufFault(`${what} ${next} is older than ${before}, which is known`)
}

function requireInTime({ role, expires }: TufDocument, now: number): void {
  if (expires <= now) throw new TufFault(`${role} is over since ${new Date(expires).toISOString()}`)
}
