// Purpose:  where does an address lead that somebody else wrote, and do we go there?
// Spec:     OWASP, "Server-Side Request Forgery Prevention"; the ranges are those of network-range.ts.
// Input:    the host of a URL or a setting; hostile.
// Deviates: nothing.
// Unknowns: a name without an address, or with one in a range that nobody means → a sentence, and no address.
import { isIP } from 'node:net'
import { networkRangeOf } from './network-range.ts'
import type { Resolve } from './outbound-fetch.ts'

export interface OutboundTarget {
  /** All that the name has; the connection has to go to one of these, so that a name that changes its mind changes nothing. */
  readonly addresses: readonly { readonly address: string; readonly family: number }[]
  /** Whether all of them are of an inner network or of this machine. */
  readonly isPrivate: boolean
}

/** `hostname` as a URL has it, brackets of version 6 included. A sentence where nothing is connected to. */
export async function resolveTarget(
  resolve: Resolve,
  hostname: string,
  { allowPrivateNetwork }: { readonly allowPrivateNetwork: boolean },
): Promise<OutboundTarget | string> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  if (addresses.length === 0) return `${host} has no address`
  const ranges = addresses.map(networkRangeOf)
  const forbidden = ranges.indexOf('forbidden')
  if (forbidden !== -1)
    return `${host} leads to ${addresses[forbidden] ?? ''}, where nothing is sent to`
  if (ranges.includes('private') && !allowPrivateNetwork) {
    return `${host} leads into a private network, which has to be allowed`
  }
  return {
    addresses: addresses.map((address) => ({ address, family: isIP(address) })),
    isPrivate: ranges.every((range) => range === 'private'),
  }
}
