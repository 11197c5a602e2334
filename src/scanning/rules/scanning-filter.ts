// Purpose:  which repositories does a filter of the registry's scanning rules name?
// Spec:     Amazon ECR user guide, "Filters to choose which repositories are scanned": WILDCARD; ScanningRepositoryFilter of the API.
// Input:    a filter of the grammar below, and a repository's name.
// Deviates: nothing.
// Unknowns: none; a text outside the grammar is no filter.

/** The model's grammar, without its nested repetition: that takes exponential time on hostile text. */
export const scanningFilterPattern = '^[a-z0-9*]+(?:[._/-][a-z0-9*]+)*$'
export const maxScanningFilterLength = 255

/** Without `*` a filter names what contains it; with `*` the whole name must match, `*` for any run of characters. */
export function matchesScanningFilter(filter: string, repository: string): boolean {
  if (!filter.includes('*')) return repository.includes(filter)
  const [head = '', ...rest] = filter.split('*')
  const tail = rest.pop() ?? ''
  if (!repository.startsWith(head)) return false
  // Each part at its first place: a later place could only leave less room for the parts behind it.
  let at = head.length
  for (const part of rest) {
    const found = repository.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return repository.length - tail.length >= at && repository.endsWith(tail)
}
