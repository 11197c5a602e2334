import { scoreVector, type RatedSeverity } from '../ecosystems/severity.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { cvesAtOnce, findCveFacts } from './cve-fact-store.ts'
import type { CveFactKind, CvssFact, EpssFact, KevFact } from './rules/cve-facts.ts'

/** How likely a flaw is exploited, and whether it is; members are absent where nobody says. */
export interface Exploitation {
  readonly epss?: EpssFact
  readonly kev?: KevFact
}

export interface FlawFacts {
  readonly exploitation: Exploitation
  /** By who scores CVEs, for flaws that neither the distribution nor the record rates. */
  readonly rating: RatedSeverity | undefined
}

/** A flaw by its names, of which one may be a CVE. */
interface NamedFlaw {
  readonly vulnerability: string
  readonly aliases: readonly string[]
}

/** What is known of flaws beside advisories. Facts change daily, so nothing is kept beyond one answer. */
export async function readFlawFacts(
  reader: SqlReader,
  flaws: readonly NamedFlaw[],
): Promise<(flaw: NamedFlaw) => FlawFacts> {
  const known = new Map<string, Map<CveFactKind, unknown>>()
  const cves = [...new Set(flaws.flatMap((flaw) => cveOf(flaw) ?? []))]
  for (let start = 0; start < cves.length; start += cvesAtOnce) {
    for (const { cve, kind, facts } of await findCveFacts(
      reader,
      cves.slice(start, start + cvesAtOnce),
    )) {
      const ofCve = known.get(cve) ?? new Map<CveFactKind, unknown>()
      known.set(cve, ofCve.set(kind, facts))
    }
  }
  return (flaw) => {
    const stored = known.get(cveOf(flaw) ?? '')
    return stored === undefined ? { exploitation: {}, rating: undefined } : factsOf(stored)
  }
}

function cveOf({ vulnerability, aliases }: NamedFlaw): string | undefined {
  return [vulnerability, ...aliases].find((id) => id.startsWith('CVE-'))
}

function factsOf(stored: ReadonlyMap<CveFactKind, unknown>): FlawFacts {
  // oxlint-disable typescript/no-unsafe-type-assertion -- written by importCveFacts from values of these types
  const epss = stored.get('epss') as EpssFact | undefined
  const kev = stored.get('kev') as KevFact | undefined
  const cvss = stored.get('cvss') as CvssFact | undefined
  // oxlint-enable typescript/no-unsafe-type-assertion
  const rated = cvss === undefined ? undefined : scoreVector(cvss.vector)
  return {
    exploitation: {
      ...(epss === undefined ? {} : { epss }),
      ...(kev === undefined ? {} : { kev }),
    },
    rating:
      rated === undefined || cvss === undefined
        ? undefined
        : { ...rated, source: `${cvss.source} ${rated.source ?? ''}`.trim() },
  }
}
