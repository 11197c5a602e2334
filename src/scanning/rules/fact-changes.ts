// Purpose:  does another fact about a CVE matter to those who hold packages with it?
// Spec:     FIRST, EPSS: every score changes every day. CISA, KEV. CVSS qualitative ratings.
// Input:    what was said of a CVE before and now; undefined where nothing was, or is, said.
// Deviates: nothing.
// Unknowns: a fact of another shape counts as none.
import { scoreVector } from '../../ecosystems/severity.ts'
import type { CveFactKind } from './cve-facts.ts'

/** `thresholds`: EPSS scores at which somebody wants to hear of a CVE; only their crossing is told. */
export function isToldChange(
  kind: CveFactKind,
  { before, after }: { readonly before: unknown; readonly after: unknown },
  thresholds: readonly number[],
): boolean {
  switch (kind) {
    case 'kev':
      return (before === undefined) !== (after === undefined)
    case 'cvss':
      return severityOf(before) !== severityOf(after)
    case 'epss':
      return thresholds.some((at) => scoreOf(before) >= at !== scoreOf(after) >= at)
    default:
      throw new Error(`no kind of fact: ${String(kind satisfies never)}`)
  }
}

function scoreOf(fact: unknown): number {
  const score = memberOf(fact, 'score')
  return typeof score === 'number' ? score : -1
}

function severityOf(fact: unknown): string | undefined {
  const vector = memberOf(fact, 'vector')
  return typeof vector === 'string' ? scoreVector(vector)?.severity : undefined
}

function memberOf(fact: unknown, name: string): unknown {
  if (typeof fact !== 'object' || fact === null) return undefined
  return new Map<string, unknown>(Object.entries(fact)).get(name)
}
