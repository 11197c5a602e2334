// The public keys that a server believes: on VEX documents beside images, on bundles of vulnerability data.
import { readFile } from 'node:fs/promises'
import { StartError } from './foundation.ts'
import { parsePublicKeys, type TrustedKey } from './lib/public-keys.ts'

/** None where no file is set; a file with anything else in it than keys that can be taken stops the start. */
export async function readVexKeys(file: string | undefined): Promise<readonly TrustedKey[]> {
  return readKeys('PRATIQUE_VEX_KEYS', file)
}

/** The same for bundles, which are signed with Ed25519 and nothing else. */
export async function readBundleKeys(file: string | undefined): Promise<readonly TrustedKey[]> {
  const keys = await readKeys('PRATIQUE_BUNDLE_KEYS', file)
  const other = keys.findIndex(({ key }) => key.asymmetricKeyType !== 'ed25519')
  if (other === -1) return keys
  throw new StartError(
    `PRATIQUE_BUNDLE_KEYS names ${file ?? ''}: key ${other + 1} is of the kind ${keys[other]?.key.asymmetricKeyType ?? 'unknown'}; bundles are signed with Ed25519`,
  )
}

async function readKeys(
  variable: string,
  file: string | undefined,
): Promise<readonly TrustedKey[]> {
  if (file === undefined) return []
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw new StartError(`${variable} names ${file}, which cannot be read (${why})`, { cause })
  }
  const parsed = parsePublicKeys(text)
  if (parsed.kind === 'keys') return parsed.keys
  throw new StartError(`${variable} names ${file}: it ${parsed.reason}`)
}
