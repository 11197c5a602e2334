import { ecosystemOfAdvisory } from '../ecosystems/table.ts'
import { vulnerabilitiesOf } from '../ecosystems/vulnerability-group.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listAdvisoryCandidates } from './advisory-store.ts'
import { listPackageLookups } from './package-store.ts'
import { readIds } from './rules/storable-advisory.ts'

/** What the distribution says of flaws in one of its packages. */
export interface OwnerStatements {
  /** Ids and aliases of every flaw that a record about the package names, mended, unmended or not affecting. */
  readonly named: ReadonlySet<string>
  /** Whether one of these records is of a source that has flaws before they are mended, so that its silence says something. */
  readonly tellsOfUnmended: boolean
}

/** As the revision had them; records that were withdrawn say nothing. */
export async function readOwnerStatements(
  reader: SqlReader,
  packageId: number,
  revision: number,
): Promise<OwnerStatements> {
  const named = new Set<string>()
  let tellsOfUnmended = false
  const lookups = await listPackageLookups(reader, packageId)
  for (const { ecosystem, name: lookedUp } of lookups) {
    const owner = ecosystemOfAdvisory(ecosystem)
    const candidates = await listAdvisoryCandidates(reader, { ecosystem, name: lookedUp }, revision)
    for (const { id, ids, isWithdrawn } of candidates) {
      if (isWithdrawn) continue
      tellsOfUnmended ||= owner?.tellsOfUnmended?.({ id, ecosystem }) === true
      const flaws = vulnerabilitiesOf({ id, ...readIds(ids) })
      for (const name of flaws.flatMap((flaw) => [flaw.id, ...flaw.aliases])) named.add(name)
    }
  }
  return { named, tellsOfUnmended }
}
