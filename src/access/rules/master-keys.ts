// Purpose:  read the text that holds master keys, and name them.
// Spec:     Pratique's own: one key a line, 32 bytes in base64 or hexadecimal, the primary first, then those that still open.
// Input:    the content of a file, of a variable, or what a command wrote; a person's mistakes.
// Deviates: nothing.
// Unknowns: a line that is no key → undefined for the whole; a wrong key would seal what nothing opens later.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { keyId } from './seal.ts'

export interface MasterKey {
  /** 16 hexadecimal digits. */
  readonly id: string
  readonly key: KeyObject
}

/** The primary, under which everything is sealed, then the keys that still open what was sealed before. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/** More at once are a rotation that never ends. */
export const mostMasterKeys = 8

export function masterKeyOf(bytes: Uint8Array): MasterKey {
  const key = createSecretKey(bytes)
  return { id: keyId(key).toString('hex'), key }
}

/** A key that stands there twice counts once. */
export function parseMasterKeys(text: string): MasterKeys | undefined {
  const lines = text.split(/\s+/).filter((line) => line !== '')
  if (lines.length > mostMasterKeys) return undefined
  const keys: MasterKey[] = []
  for (const line of lines) {
    const bytes = parseKey(line)
    if (bytes === undefined) return undefined
    const key = masterKeyOf(bytes)
    if (!keys.some(({ id }) => id === key.id)) keys.push(key)
  }
  const [primary, ...others] = keys
  return primary === undefined ? undefined : [primary, ...others]
}

function parseKey(line: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(line)) return Buffer.from(line, 'hex')
  return /^[A-Za-z0-9+/]{43}=?$/.test(line) ? Buffer.from(line, 'base64') : undefined
}

/** As `parseMasterKeys` reads them. */
export function formatMasterKeys(keys: readonly MasterKey[]): string {
  return keys.map(({ key }) => `${key.export().toString('base64')}\n`).join('')
}
