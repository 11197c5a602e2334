import { createHash } from 'node:crypto'
import type { Distribution, Lookup, Package } from '../../ecosystems/ecosystem.ts'
import { findEcosystem } from '../../ecosystems/table.ts'

/** What makes a package distinct, and where it is looked up. */
export interface PackageIdentity {
  readonly tupleHash: string
  /** Only what counts: a library is the same on every distribution. */
  readonly distribution: Distribution | undefined
  readonly lookup: Lookup
}

export function identifyPackage(
  found: Package,
  distribution: Distribution | undefined,
): PackageIdentity {
  const ecosystem = findEcosystem(found.type)
  const counting = ecosystem?.packageManager === 'OS' ? distribution : undefined
  const lookup: Lookup = ecosystem?.lookup(found, counting) ?? {
    kind: 'unknown',
    reason: `packages of type ${found.type} are not matched`,
  }
  // What is absent becomes null, which no text is.
  const tuple = [
    [found.type, found.namespace, found.name, found.version, found.architecture],
    [found.source?.name, found.source?.version],
    [counting?.id, counting?.versionId],
    // The same package looked up elsewhere is another one: derivatives differ in more than id and version.
    lookup.kind === 'keys' ? lookup.keys.map((key) => [key.ecosystem, key.name]) : undefined,
  ]
  const tupleHash = createHash('sha256').update(JSON.stringify(tuple)).digest('hex')
  return { tupleHash, distribution: counting, lookup }
}
