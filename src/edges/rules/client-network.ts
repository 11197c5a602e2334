// Purpose:  which addresses count as one client?
// Spec:     RFC 4291 (text of IPv6 addresses), RFC 6177 (a site gets a /64 at least).
// Input:    a socket's remote address; undefined when it has gone already.
// Deviates: nothing.
// Unknowns: an address that is not there → 'unknown', which is counted like any other.

/** An IPv4 address by itself, also in its IPv6 form; the /64 of an IPv6 address, all of which one host may use. */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  const last = address.slice(address.lastIndexOf(':') + 1)
  if (last.includes('.')) return last
  const [written = '', rest] = address.split('%', 1)[0]?.split('::') ?? []
  const head = groupsOf(written)
  const tail = groupsOf(rest ?? '')
  const middle = rest === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array.from({ length: middle }, () => '0'), ...tail]
  return `${groups.slice(0, 4).join(':')}::/64`
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}
