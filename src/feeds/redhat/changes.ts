// Purpose:  which documents of Red Hat's directory changed, or were deleted, since the last time?
// Spec:     CSAF 2.0 section 7.1.13 (changes.csv), and deletions.csv of the same form: "2023/cve-2023-0044.json","2023-12-12T00:00:00+00:00".
// Input:    such a list as text; hostile.
// Deviates: nothing.
// Unknowns: lines of another form are passed over; a list without any other is 'unreadable'.

export type Changes =
  | { readonly kind: 'changed'; readonly paths: readonly string[]; readonly newest: number }
  /** More than were asked for. */
  | { readonly kind: 'too-many' }
  | { readonly kind: 'unreadable' }

const entry = /^"?([0-9]{4}\/(cve-[0-9]{4}-[0-9]{4,19})\.json)"?,"?([0-9T:.+Z-]{10,40})"?\s*$/gm

/** Paths whose date (in milliseconds) is after `since`, the newest date of all, and no path twice. */
export function readChanges(
  text: string,
  { since, limit }: { readonly since: number; readonly limit: number },
): Changes {
  const paths = new Set<string>()
  let newest: number | undefined
  for (const [, path = '', , date = ''] of text.matchAll(entry)) {
    const at = Date.parse(date)
    if (Number.isNaN(at)) continue
    newest = Math.max(newest ?? at, at)
    if (at > since) paths.add(path)
  }
  if (newest === undefined) return { kind: 'unreadable' }
  return paths.size > limit ? { kind: 'too-many' } : { kind: 'changed', paths: [...paths], newest }
}

/** `2023/cve-2023-0044.json` → CVE-2023-0044. */
export function idOfPath(path: string): string {
  return path
    .replace(/^[0-9]{4}\//, '')
    .replace(/\.json$/, '')
    .toUpperCase()
}
