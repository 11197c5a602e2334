// A TUF repository of the test's own, whose documents may be anything.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { canonicalJson } from '../../src/signatures/tuf/canonical-json.ts'
import type { TufFetch, TufState } from '../../src/signatures/tuf/update-tuf.ts'

const day = 24 * 3_600_000
export const tufNow = Date.parse('2026-06-01T12:00:00Z')

export interface TufKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly json: object
}

export function tufKey(id: string): TufKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const json = { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } }
  return { id, privateKey, json }
}

export interface TufChoices {
  /** Of each document. */
  readonly versions?: Partial<Record<'timestamp' | 'snapshot' | 'targets', number>>
  readonly expires?: Partial<Record<'root' | 'timestamp' | 'snapshot' | 'targets', number>>
  readonly target?: string
  /** In place of the bytes that are announced. */
  readonly served?: string
  readonly signers?: Partial<Record<'timestamp' | 'snapshot' | 'targets', readonly TufKey[]>>
}

export interface TufRoles {
  readonly root: readonly TufKey[]
  readonly online: readonly TufKey[]
  readonly threshold?: number
}

export const targetName = 'trusted_root.json'
const keys = { root: [tufKey('r1'), tufKey('r2')], online: [tufKey('o1')] }
export const tufRoles: TufRoles = keys

export function signTuf(signed: object, signers: readonly TufKey[]): Buffer {
  const bytes = canonicalJson(signed) ?? Buffer.alloc(0)
  const signatures = signers.map(({ id, privateKey }) => ({
    keyid: id,
    sig: sign('sha256', bytes, privateKey).toString('hex'),
  }))
  return Buffer.from(JSON.stringify({ signatures, signed }))
}

export function tufRoot(
  version: number,
  { root, online, threshold = root.length }: TufRoles = keys,
  {
    signers = root,
    expires = tufNow + day,
  }: { readonly signers?: readonly TufKey[]; readonly expires?: number } = {},
): Buffer {
  const ids = (list: readonly TufKey[]): readonly string[] => list.map(({ id }) => id)
  const role = { keyids: ids(online), threshold: 1 }
  return signTuf(
    {
      _type: 'root',
      version,
      expires: new Date(expires).toISOString(),
      consistent_snapshot: true,
      keys: Object.fromEntries([...root, ...online].map(({ id, json }) => [id, json])),
      roles: {
        root: { keyids: ids(root), threshold },
        timestamp: role,
        snapshot: role,
        targets: role,
      },
    },
    signers,
  )
}

/** What a mirror serves below its address, without its roots. */
export function tufFiles(choices: TufChoices = {}, roles: TufRoles = keys): Map<string, Buffer> {
  const { versions = {}, expires = {}, target = '{"a":1}', signers = {} } = choices
  const { timestamp = 1, snapshot = 1, targets = 1 } = versions
  const end = (role: 'timestamp' | 'snapshot' | 'targets'): string =>
    new Date(expires[role] ?? tufNow + day).toISOString()
  const bytes = Buffer.from(target)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const told = { length: bytes.length, hashes: { sha256: hash } }
  const document = (
    role: 'timestamp' | 'snapshot' | 'targets',
    version: number,
    more: object,
  ): Buffer =>
    signTuf({ _type: role, version, expires: end(role), ...more }, signers[role] ?? roles.online)
  return new Map([
    [
      'timestamp.json',
      document('timestamp', timestamp, { meta: { 'snapshot.json': { version: snapshot } } }),
    ],
    [
      `${snapshot}.snapshot.json`,
      document('snapshot', snapshot, { meta: { 'targets.json': { version: targets } } }),
    ],
    [`${targets}.targets.json`, document('targets', targets, { targets: { [targetName]: told } })],
    [`targets/${hash}.${targetName}`, Buffer.from(choices.served ?? target)],
  ])
}

export function tufFetch(files: ReadonlyMap<string, Buffer>): TufFetch {
  return async (path) => Promise.resolve(files.get(path))
}

export const tufStart = (): TufState => ({ root: tufRoot(1) })
