// Purpose:  which part of the network does an address belong to, as far as outgoing requests must know?
// Spec:     IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890); RFC 4291 section 2.5.5.2, RFC 6052, RFC 3056 (IPv4 within IPv6).
// Input:    the address that a name resolved to, or that a URL names; hostile.
// Deviates: nothing.
// Unknowns: text that is no address, and any range that nobody assigned for the public network → 'forbidden'.
import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * `private`: of this machine or of an inner network. `forbidden`: no server that anybody means is there (metadata services and
 * other link-local addresses, multicast, documentation, what is not assigned), whatever a setting says.
 */
export type NetworkRange = 'public' | 'private' | 'forbidden'

const privateRanges = rangesOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
])

const forbiddenRanges = rangesOf([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  // Metadata of a cloud's machines; it lies within what is otherwise private.
  ['fd00:ec2::', 32],
])

/** All that is assigned to the public network of version 6. */
const globalUnicast = rangesOf([['2000::', 3]])

export function networkRangeOf(address: string): NetworkRange {
  if (isIPv4(address)) return rangeOfFamily(address, 'ipv4')
  // A scope (`fe80::1%eth0`) is of one link only.
  if (!isIPv6(address) || address.includes('%')) return 'forbidden'
  const embedded = embeddedIPv4(address)
  if (embedded !== undefined) return rangeOfFamily(embedded, 'ipv4')
  const range = rangeOfFamily(address, 'ipv6')
  return range === 'public' && !globalUnicast.check(address, 'ipv6') ? 'forbidden' : range
}

function rangeOfFamily(address: string, family: 'ipv4' | 'ipv6'): NetworkRange {
  if (forbiddenRanges.check(address, family)) return 'forbidden'
  return privateRanges.check(address, family) ? 'private' : 'public'
}

/** Of ::ffff:a.b.c.d, 64:ff9b::a.b.c.d and 2002:AABB:CCDD::, which lead to an address of version 4. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address)
  const [first = 0, second = 0, third = 0] = groups
  const isZeroUpTo = (end: number, from = 0): boolean =>
    groups.slice(from, end).every((group) => group === 0)
  const isMapped = isZeroUpTo(5) && groups[5] === 0xffff
  const isTranslated = first === 0x64 && second === 0xff9b && isZeroUpTo(6, 2)
  if (isMapped || isTranslated) return dotted(groups[6] ?? 0, groups[7] ?? 0)
  return first === 0x2002 ? dotted(second, third) : undefined
}

/** The eight groups of a valid address. */
function groupsOf(address: string): readonly number[] {
  // The parser of URLs writes every form in one: lower case, shortened, no dots.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16))
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

function rangesOf(ranges: readonly (readonly [net: string, prefix: number])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, isIPv4(net) ? 'ipv4' : 'ipv6')
  return list
}
