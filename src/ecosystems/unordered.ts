import type { Comparison, Lookup } from './ecosystem.ts'

/** Of ecosystems whose packages are listed and nothing more: without advisories, no order is ever asked for. */
export function compareUnordered(text: string): Comparison {
  return { kind: 'unparsable', text }
}

/** Why nobody can say whether such a package has known flaws. */
export function lookupNowhere(packages: string): () => Lookup {
  const reason = `no source publishes advisories about ${packages}`
  return () => ({ kind: 'unknown', reason, scope: 'package' })
}
