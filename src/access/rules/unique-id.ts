// Purpose:  make the ids that entities and keys have for good.
// Spec:     IAM User Guide, "Unique identifiers": four letters that tell the kind, then characters of base 32.
// Input:    random bytes.
// Deviates: nothing.
// Unknowns: none.
import { parseAccountId, type AccountId } from '../../policy/account-id.ts'

/** Of keys 16 characters follow, of entities 17. */
const lengths = { AIDA: 17, AROA: 17, AGPA: 17, ANPA: 17, AKIA: 16, ASIA: 16 } as const

/** `random` gives that many random bytes. */
export function uniqueId(
  random: (size: number) => Uint8Array,
  prefix: keyof typeof lengths,
): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const characters = Array.from(random(lengths[prefix]), (byte) => alphabet.charAt(byte % 32))
  return prefix + characters.join('')
}

/** Twelve digits, the first of which is no zero. */
export function randomAccountId(random: (size: number) => Uint8Array): AccountId {
  const number = Buffer.from(random(8)).readBigUInt64BE() % 900_000_000_000n
  const id = parseAccountId(String(number + 100_000_000_000n))
  if (id === undefined) throw new Error('twelve digits are an account id')
  return id
}
