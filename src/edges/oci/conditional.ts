/** If-None-Match against the one entity tag that content has: its digest, quoted or (as some clients send it) not. */
export function isNotModified(header: string | undefined, digest: string): boolean {
  if (header === undefined) return false
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === `"${digest}"` || tag === digest)
}
