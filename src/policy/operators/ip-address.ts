// Purpose:  IpAddress: does an address lie in a network?
// Spec:     IAM User Guide, "IP address condition operators"; RFC 4291, section 2.2; RFC 4632.
// Input:    addresses and networks of a policy, and text of the context, which may be hostile.
// Deviates: nothing; host bits of a network are ignored, as AWS does, and IPv4 mapped into IPv6 is IPv4.
// Unknowns: what is no address → undefined, and no comparison with it is true.
import { anyOf, type Comparison } from './operator.ts'

export interface Address {
  /** 32 of IPv4, 128 of IPv6. */
  readonly bits: number
  readonly value: bigint
}

export interface Network {
  readonly address: Address
  readonly prefixLength: number
}

const mappedPrefix = 0xffffn

export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined
  const address = parseWritten(text)
  return address === undefined || !isMapped(address) ? address : unmapped(address)
}

/** An address, or one with the length of its network's prefix. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const address = parseWritten(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const { bits } = address
  const prefixLength = slash < 0 ? bits : parseSmallNumber(text.slice(slash + 1), bits)
  if (prefixLength === undefined) return undefined
  // A network that is wider than the mapped addresses stays one of IPv6.
  if (!isMapped(address) || prefixLength < 96) return { address, prefixLength }
  return { address: unmapped(address), prefixLength: prefixLength - 96 }
}

/** Never true of an address of the other version. */
export function isInNetwork(address: Address, { address: base, prefixLength }: Network): boolean {
  if (address.bits !== base.bits) return false
  return (address.value ^ base.value) >> BigInt(base.bits - prefixLength) === 0n
}

function isMapped({ bits, value }: Address): boolean {
  return bits === 128 && value >> 32n === mappedPrefix
}

function unmapped({ value }: Address): Address {
  return { bits: 32, value: value & 0xffff_ffffn }
}

function parseWritten(text: string): Address | undefined {
  const words = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  if (words === undefined) return undefined
  const value = words.reduce((high, word) => (high << 16n) | BigInt(word), 0n)
  return { bits: words.length * 16, value }
}

/** Words of 16 bits. */
function parseIpv4(text: string): readonly number[] | undefined {
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

function parseIpv6(text: string): readonly number[] | undefined {
  const gap = text.indexOf('::')
  if (gap < 0) {
    const words = parseWords(text, true)
    return words?.length === 8 ? words : undefined
  }
  const head = parseWords(text.slice(0, gap), false)
  const tail = parseWords(text.slice(gap + 2), true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
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
