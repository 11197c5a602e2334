// Purpose:  is this the address of an identity provider that could be registered, and what is it called then?
// Spec:     IAM API Reference, CreateOpenIDConnectProvider; OpenID Connect Discovery 1.0, section 3 (issuer).
// Input:    text of at most 255 characters; hostile.
// Deviates: a host is compared and stored as it was written: the issuer in a token must equal it letter by letter.
// Unknowns: none.

export type ProviderUrl =
  /** Without its scheme and without a slash at its end, as it stands in the ARN. */
  | { readonly kind: 'issuer'; readonly issuer: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** https, a host, perhaps a port and a path: no user, no query, no fragment, no dot segments. */
export function readProviderUrl(text: string): ProviderUrl {
  if (text.length > 255) return refused('the URL is longer than 255 characters')
  const rest = /^https:\/\/(.*)$/is.exec(text)?.[1]
  if (rest === undefined) return refused('the URL must begin with https://')
  if (/[?#]/.test(rest)) return refused('the URL must have no query and no fragment')
  const issuer = rest.replace(/\/$/, '')
  const match = /^([A-Za-z0-9.-]+(?::[0-9]{1,5})?)((?:\/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*)$/.exec(
    issuer,
  )
  if (match === null) return refused('the URL must be a host, perhaps a port and a path')
  if (!URL.canParse(`https://${issuer}`)) return refused('the URL is not valid')
  if (/\/\.{1,2}(?:\/|$)/.test(issuer)) return refused('the path must have no dot segments')
  return { kind: 'issuer', issuer }
}

function refused(reason: string): ProviderUrl {
  return { kind: 'refused', reason }
}
