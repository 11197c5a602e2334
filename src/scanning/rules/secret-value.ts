// Purpose:  is this text a secret, or does it stand for one?
// Spec:     our own; GitHub and npm, formats of tokens with a checksum (CRC-32 in base62, the last six characters).
// Input:    a text of at most some thousand characters that stands where a secret would; hostile.
// Deviates: nothing.
// Unknowns: what could be either is taken for a placeholder: precision goes before recall.
import { crc32 } from 'node:zlib'

const standing =
  /^(?:\$|%|<|\{\{|\[|@)|\$\{|\{\{|^(.)\1*$|(?:^|[^a-z])(?:x{4,}|\*{3,}|\.{3,})|change.?me|your.?(?:token|password|secret|key)|example|placeholder|redacted|dummy|^(?:password|passwd|secret|token|test|none|null|undefined|true|false|secrettoken|mypassword)\d{0,4}$/i

/** `${NPM_TOKEN}`, `<token>`, `changeme`, `xxxxxxxx`: it says where a secret goes. */
export function isPlaceholder(value: string): boolean {
  return standing.test(value.slice(0, 256))
}

/** Random text of an alphabet of letters and digits has all three kinds; words and hashes have not. */
export function isMixed(value: string): boolean {
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9]/.test(value)
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The last six of the characters behind the prefix are the checksum of those before them. */
export function hasChecksum(body: string): boolean {
  let rest = crc32(body.slice(0, -6))
  let text = ''
  for (let place = 0; place < 6; place += 1) {
    text = (digits[rest % 62] ?? '') + text
    rest = Math.floor(rest / 62)
  }
  return body.endsWith(text)
}
