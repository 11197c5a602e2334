// Purpose:  tell which package a component of somebody's document is.
// Spec:     none of its own; Syft's and Trivy's properties, as these tools write them.
// Input:    a purl and what the document says beside it; hostile.
// Deviates: nothing.
// Unknowns: a component without a purl, or with one that names no package, is counted with the reason.
import { packageOfPurl, type PurlRelease } from '../ecosystems/parse-purl.ts'
import type { Package } from '../ecosystems/ecosystem.ts'
import { findEcosystem } from '../ecosystems/table.ts'

/** What a document says of a component beside its purl; absent members are absent, never ''. */
export interface ComponentFacts {
  readonly purl: string | undefined
  readonly name: string
  readonly path: string
  readonly licenses: readonly string[]
  readonly source?: { readonly name: string; readonly version?: string }
  readonly module?: string
  readonly vendor?: string
  readonly isDevelopment: boolean
}

export interface ReadComponent {
  readonly package: Package
  readonly release?: PurlRelease
  readonly path: string
  readonly licenses: readonly string[]
  readonly isDevelopment: boolean
}

export interface RefusedComponent {
  readonly name: string
  readonly reason: string
}

/** The components of one document: those that name a package, and those that do not, with why. */
export class ComponentTally {
  readonly components: ReadComponent[] = []
  readonly refused: RefusedComponent[] = []

  add(facts: ComponentFacts): void {
    const read = readComponent(facts)
    if (read?.kind === 'component') this.components.push(read.component)
    else if (read !== undefined) this.refused.push({ name: facts.name, reason: read.reason })
  }
}

/** Purls of what holds packages, and is none. */
const containers = new Set(['oci', 'docker'])

/** The package, why it is none that can be looked up, or undefined for what is none at all. */
function readComponent(
  facts: ComponentFacts,
):
  | { readonly kind: 'component'; readonly component: ReadComponent }
  | { readonly kind: 'refused'; readonly reason: string }
  | undefined {
  const { purl, path, licenses, isDevelopment } = facts
  if (purl === undefined) return { kind: 'refused', reason: 'has no package URL' }
  const named = packageOfPurl(purl)
  if (named.kind === 'refused') return named
  if (containers.has(named.package.type)) return undefined
  const isOs = findEcosystem(named.package.type)?.packageManager === 'OS'
  const found = isOs ? withSystemFacts(named.package, facts) : named.package
  const { release } = named
  const component = { package: found, path, licenses, isDevelopment }
  return {
    kind: 'component',
    component: release === undefined ? component : { ...component, release },
  }
}

function withSystemFacts(found: Package, { source, module, vendor }: ComponentFacts): Package {
  const told = source ?? found.source
  const fallback = { name: found.name, version: withoutRebuild(found) }
  return {
    ...found,
    // Advisories of Debian and Alpine speak of sources: one that nobody tells is called as the package.
    source: told === undefined ? fallback : { version: withoutRebuild(found), ...told },
    ...(module === undefined ? {} : { module }),
    ...(vendor === undefined ? {} : { vendor }),
  }
}

/** `+b1` of Debian marks a binary that was rebuilt without change of its source. */
function withoutRebuild({ type, version }: Package): string {
  return type === 'deb' ? version.replace(/\+b[0-9]+$/, '') : version
}
