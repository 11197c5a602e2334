// The private keys of this installation, sealed in its database under the master key and resealed when that is rotated.
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Keyring } from '../access/keyring.ts'
import { openSecret, sealSecret } from '../access/rules/seal-secret.ts'
import type { Ids } from '../lib/ids.ts'
import { signWith } from '../signatures/x509/key-algorithm.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import type { KeySpec, KeyStore } from './key-store.ts'
import { findSealedKey } from './signing-key-store.ts'

const makePair = promisify(generateKeyPair)
const purpose = 'signing-key'
const table = 'signing_keys'

export function embeddedKeys({
  ids,
  keyring,
}: {
  readonly ids: Ids
  readonly keyring: Keyring
}): KeyStore {
  const open = async (reader: SqlReader, id: string): Promise<KeyObject> => {
    const sealed = await findSealedKey(reader, id)
    const plain =
      sealed === undefined
        ? undefined
        : openSecret(keyring.keysOf(purpose), { table, row: id }, sealed)
    if (plain === undefined) throw unusable(id)
    return createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' })
  }
  return {
    async make(spec) {
      const { publicKey, privateKey } = await pairOf(spec)
      const id = ids.uuid()
      const plain = privateKey.export({ format: 'der', type: 'pkcs8' })
      const secret = sealSecret(keyring.keysOf(purpose), ids.bytes(12), { table, row: id }, plain)
      return { id, publicKey, secret, issue: (make) => make(privateKey) }
    },
    sign: async (reader, id, bytes) => signWith(await open(reader, id), bytes),
    issue: async (reader, id, make) => make(await open(reader, id)),
  }
}

function unusable(id: string): Error {
  const message = `the private key ${id} is not there, or opens under no master key in use`
  return signingError('SIGNING_KEY_UNUSABLE', message)
}

/** In a thread of the platform: thousands of bits take seconds. */
async function pairOf(
  spec: KeySpec,
): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  switch (spec) {
    case 'EC-256':
    case 'EC-384':
    case 'EC-521':
      return makePair('ec', { namedCurve: spec.replace('EC', 'P') })
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096':
      return makePair('rsa', { modulusLength: Number(spec.slice('RSA-'.length)) })
  }
}
