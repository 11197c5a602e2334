import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import type { Keyring } from '../../access/keyring.ts'
import { storedKey } from '../../access/stored-key.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ids } from '../../lib/ids.ts'
import type { Database } from '../../storage/database/database.ts'
import { insertBundleKey, listBundleKeys, type BundleKey } from './bundle-store.ts'

export interface SigningDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly keyring: Keyring
}

/** What signs a bundle: Ed25519 over the exact bytes of its manifest. */
export interface BundleSigner {
  /** SHA-256 of the public key as SubjectPublicKeyInfo, in hexadecimal. */
  readonly fingerprint: string
  sign(manifest: Uint8Array): Buffer
}

/** The newest key, made at the first call. MASTER_KEY_ABSENT when it opens under no master key in use. */
export async function openBundleSigner(deps: SigningDeps): Promise<BundleSigner> {
  const [newest] = await listBundleKeys(deps.database)
  const name = newest?.name ?? keyName(1)
  const key = privateKeyOf(await storedKey(deps, name))
  const { fingerprint } = newest ?? (await publish(deps, name, key))
  return { fingerprint, sign: (manifest) => sign(null, manifest, key) }
}

/** The keys for those who import, the newest first; `rotate` makes a new one, which signs from now on. */
export async function makeBundleKeys(
  deps: SigningDeps,
  { rotate }: { readonly rotate: boolean },
): Promise<readonly BundleKey[]> {
  const known = await listBundleKeys(deps.database)
  if (known.length > 0 && !rotate) return known
  const name = keyName(known.length + 1)
  await publish(deps, name, privateKeyOf(await storedKey(deps, name)))
  return listBundleKeys(deps.database)
}

async function publish(
  { database, clock }: SigningDeps,
  name: string,
  key: KeyObject,
): Promise<BundleKey> {
  const publicKey = createPublicKey(key)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const made = {
    name,
    fingerprint: createHash('sha256').update(der).digest('hex'),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    createdAt: clock.now(),
  }
  await database.transaction((tx) => insertBundleKey(tx, made))
  return made
}

/** Two that make the next key at once make the same one. */
function keyName(number: number): string {
  return `bundle-signing-${number}`
}

/** RFC 8410: an Ed25519 key is 32 random bytes behind this head. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

function privateKeyOf(seed: KeyObject): KeyObject {
  const key = Buffer.concat([pkcs8Head, seed.export()])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}
