// Purpose:  IpAddress: does an address lie in a network?
// Spec:     IAM User Guide, "IP address condition operators"; RFC 4291, section 2.2; RFC 4632.
// Input:    addresses and networks of a policy, and text of the context, which may be hostile.
// Deviates: nothing; host bits of a network are ignored, as AWS does, and IPv4 mapped into IPv6 is IPv4.
// Unknowns: what is no address → undefined, and no comparison with it is true.
import { anyOf, type Comparison } from './operator.ts'

/** Whole words of 16 bits, two for IPv4 and eight for IPv6. */
export type Address = readonly number[]

export interface Network {
  readonly address: Address
  readonly prefixLength: number
}

export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined
  const address = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  return address === undefined ? undefined : withoutMapping(address)
}

/** An address, or one with the length of its network's prefix. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const host = slash < 0 ? text : text.slice(0, slash)
  const written = host.includes(':') ? parseIpv6(host) : parseIpv4(host)
  if (written === undefined) return undefined
  const bits = written.length * 16
  const prefixLength = slash < 0 ? bits : parseSmallNumber(text.slice(slash + 1), bits)
  if (prefixLength === undefined) return undefined
  const address = withoutMapping(written)
  const removed = bits - address.length * 16
  // A network that is wider than the mapped addresses stays one of IPv6.
  if (prefixLength < removed) return { address: written, prefixLength }
  return { address, prefixLength: prefixLength - removed }
}

/** Never true of an address of the other version. */
export function isInNetwork(address: Address, network: Network): boolean {
  if (address.length !== network.address.length) return false
  for (const [index, word] of address.entries()) {
    const bits = Math.min(16, Math.max(0, network.prefixLength - index * 16))
    const mask = (0xffff << (16 - bits)) & 0xffff
    if ((word & mask) !== ((network.address[index] ?? 0) & mask)) return false
  }
  return true
}

function withoutMapping(address: Address): Address {
  const isMapped =
    address.length === 8 && address[5] === 0xffff && !address.slice(0, 5).some((word) => word !== 0)
  return isMapped ? address.slice(6) : address
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const [a, b, c, d] = parts.map((part) => parseSmallNumber(part, 255))
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined
  return [a * 256 + b, c * 256 + d]
}

/** Decimal without leading zeros: some readers take those for octal. */
function parseSmallNumber(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

function parseIpv6(text: string): Address | undefined {
  const halves = text.split('::')
  const [left = '', right] = halves
  if (halves.length > 2) return undefined
  const head = parseWords(left, right === undefined)
  const tail = right === undefined ? [] : parseWords(right, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (right === undefined) return missing === 0 ? head : undefined
  return missing < 1 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

function parseWords(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      words.push(Number.parseInt(part, 16))
      continue
    }
    const embedded =
      mayEndInIpv4 && index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined
    if (embedded === undefined) return undefined
    words.push(...embedded)
  }
  return words
}

export const ipAddress: Comparison = {
  operandType: 'ip',
  hasVariables: false,
  hasWildcards: false,
  compile(values) {
    const networks = values.map(parseNetwork).filter((network) => network !== undefined)
    return anyOf([
      (text) => {
        const address = parseAddress(text)
        return address !== undefined && networks.some((network) => isInNetwork(address, network))
      },
    ])
  },
}
