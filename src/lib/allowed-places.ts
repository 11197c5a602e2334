// Purpose:  which hosts and networks of the inner network does a setting open to requests that strangers' documents ask for?
// Spec:     RFC 4632 and RFC 4291 for networks as ADDRESS/PREFIX; an address alone is a network of one.
// Input:    the text of a setting; a host name and an address of it, which may be hostile.
// Deviates: nothing.
// Unknowns: text that is neither a host name nor a network refuses the whole list.
import { BlockList, isIP, isIPv4 } from 'node:net'

export interface AllowedPlaces {
  /** Lower case. */
  readonly hosts: readonly string[]
  /** `10.1.0.0/16`. */
  readonly networks: readonly string[]
}

const maxPlaces = 100
const hostName =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** `ca.internal,10.1.0.0/16`; empty text for no place. Undefined where an entry is neither. */
export function parseAllowedPlaces(text: string): AllowedPlaces | undefined {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim().toLowerCase())
  if (entries.length > maxPlaces) return undefined
  const hosts: string[] = []
  const networks: string[] = []
  for (const entry of entries) {
    if (networkIn(entry) !== undefined) networks.push(entry)
    else if (hostName.test(entry) && !/^[0-9.]+$/.test(entry)) hosts.push(entry)
    else return undefined
  }
  return { hosts, networks }
}

/** Whether requests may go to that address of the host. */
export function isAllowedPlace(
  { hosts, networks }: AllowedPlaces,
  hostname: string,
  address: string,
): boolean {
  if (hosts.includes(hostname.toLowerCase())) return true
  const list = new BlockList()
  for (const entry of networks) {
    const network = networkIn(entry)
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family)
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

function networkIn(
  entry: string,
):
  | { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' }
  | undefined {
  const [address = '', length, ...others] = entry.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || others.length > 0) return undefined
  const most = version === 4 ? 32 : 128
  const prefix = length === undefined ? most : /^[0-9]{1,3}$/.test(length) ? Number(length) : -1
  if (prefix < 0 || prefix > most) return undefined
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}
