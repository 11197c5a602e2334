// Purpose:  read the Authorization header of /v2 and of Pratique's own API.
// Spec:     RFC 9110 section 11.6.2; RFC 7617 (Basic); RFC 6750 section 2.1 (Bearer).
// Input:    header text; hostile.
// Deviates: nothing.
// Unknowns: another scheme, malformed text, or more of it than any client sends → 'other'.

/** A password of ours has some hundred characters, a token at most some thousand. */
const longestHeader = 8 * 1024

export type Authorization =
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'other' }

export function readAuthorization(header: string): Authorization {
  if (header.length > longestHeader) return { scheme: 'other' }
  const [, scheme, credentials = ''] =
    /^(Basic|Bearer) +([A-Za-z0-9+/._~-]+={0,2}) *$/i.exec(header) ?? []
  if (scheme === undefined) return { scheme: 'other' }
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: credentials }
  return readBasic(credentials)
}

/** Base64 of `user:password`; the user has no colon. */
function readBasic(encoded: string): Authorization {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return { scheme: 'other' }
  const decoded = Buffer.from(encoded, 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon === -1) return { scheme: 'other' }
  return { scheme: 'basic', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}
