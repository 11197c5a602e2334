// Purpose:  where did the client reach this server, in a form that may be sent back in a header?
// Spec:     RFC 9110 sections 4.2 and 7.2.
// Input:    Host and X-Forwarded-Proto; hostile.
// Deviates: X-Forwarded-Proto is believed from anyone when it says https: it can make an address safer, never less so.
// Unknowns: a host with characters that none has → undefined, and what was configured or is listened on stands in.
import { isIPv6 } from 'node:net'

/** `HOST` or `HOST:PORT`, with nothing in it that would end a quoted header value. */
export function parseHost(text: string | undefined): string | undefined {
  const [, name, address] =
    /^(?:([A-Za-z0-9_][A-Za-z0-9._-]{0,252})|\[([0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?$/.exec(
      text ?? '',
    ) ?? []
  if (name === undefined && (address === undefined || !isIPv6(address))) return undefined
  return text
}

export interface OriginHeaders {
  readonly host: string | undefined
  readonly forwardedProto: string | undefined
  readonly protocol: string
}

/** `http://HOST:PORT` as the client wrote it, or undefined when that cannot be said. */
export function originOf(headers: OriginHeaders): string | undefined {
  const host = parseHost(headers.host)
  if (host === undefined) return undefined
  const [nearest = ''] = (headers.forwardedProto ?? '').split(',', 1)
  const isSecure = headers.protocol === 'https' || nearest.trim().toLowerCase() === 'https'
  return `${isSecure ? 'https' : 'http'}://${host}`
}

/** Hosts as ECR names them, `ACCOUNT.dkr.ecr.REGION.BASE`: tools that know ECR expect its ways there. */
export function isEcrHost(host: string): boolean {
  return /^[0-9]{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.[a-z0-9]/i.test(host)
}
