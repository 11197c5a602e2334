// The public keys that a server believes on VEX documents beside images.
import { readFile } from 'node:fs/promises'
import { StartError } from './foundation.ts'
import { parsePublicKeys, type TrustedKey } from './vex/public-keys.ts'

/** None where no file is set; a file with anything else in it than keys that can be taken stops the start. */
export async function readVexKeys(file: string | undefined): Promise<readonly TrustedKey[]> {
  if (file === undefined) return []
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw new StartError(`PRATIQUE_VEX_KEYS names ${file}, which cannot be read (${why})`, {
      cause,
    })
  }
  const parsed = parsePublicKeys(text)
  if (parsed.kind === 'keys') return parsed.keys
  throw new StartError(`PRATIQUE_VEX_KEYS names ${file}: it ${parsed.reason}`)
}
