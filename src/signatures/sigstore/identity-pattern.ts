// Purpose:  does the name of a signer, a builder or a source match what a trust policy expects?
// Spec:     our own (signing reference 4.4): the name itself, or a pattern in which `*` is any run of characters but `@`.
// Input:    a pattern from a trust policy; a name from a certificate or a statement (hostile until it is verified).
// Deviates: no regular expressions: cosign and @sigstore/verify match theirs without anchors, so that look-alikes pass.
// Unknowns: none. The whole name is compared, in time linear in its length for each star.

const maxLength = 1024
const maxStars = 8

/** A sentence for a pattern that would trust more than its writer sees; undefined for a good one. */
export function faultOfIdentityPattern(pattern: string): string | undefined {
  if (pattern === '' || pattern.length > maxLength)
    return `an identity has 1 to ${maxLength} characters`
  if (/[\s\p{Cc}]/u.test(pattern)) return 'an identity has no white space'
  if (!pattern.includes('*')) return undefined
  if (pattern.split('*').length - 1 > maxStars) return `an identity has at most ${maxStars} stars`
  const address = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)\//i.exec(pattern)
  if (address !== null)
    return address[1]?.includes('*') === true
      ? 'the host of an identity is written out: a star there matches hosts of strangers'
      : undefined
  const domain = /^[^@]*@([^@*]+)$/.exec(pattern)?.[1]
  return domain === undefined
    ? 'a pattern begins with the scheme and host of an address, or ends in @ and the domain of a mail address'
    : undefined
}

/** A pattern that faultOfIdentityPattern refuses matches nothing. */
export function matchesIdentity(pattern: string, name: string): boolean {
  if (name.length > maxLength || faultOfIdentityPattern(pattern) !== undefined) return false
  if (!pattern.includes('*')) return pattern === name
  const wanted = pattern.split('@')
  const given = name.split('@')
  return (
    wanted.length === given.length &&
    wanted.every((piece, index) => matchesPiece(piece, given[index] ?? ''))
  )
}

/** Each middle piece is taken at its first place: what a later one could leave over, an earlier one leaves over too. */
function matchesPiece(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const middle of others) {
    const found = text.indexOf(middle, at)
    if (found < 0) return false
    at = found + middle.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
