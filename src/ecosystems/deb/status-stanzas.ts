// Purpose:  list the packages of a status file in dpkg's form.
// Spec:     dpkg(1) status file, deb-control(5) Source; opkg's status file, which has the same form.
// Input:    bytes of a status file from an image; hostile.
// Deviates: packages that are unpacked or half installed count: their files are there.
// Unknowns: a stanza without name or version is a problem, never dropped in silence.
import type { Extraction, InventoryProblem, Package, PackageInstance } from '../ecosystem.ts'
import { resolveNeeds, type Relations } from '../resolve-needs.ts'
import { decodeText, parseStanzas, type Stanza } from '../rfc822.ts'
import { relationsOf } from './relations.ts'

interface InstalledPackage {
  readonly instance: PackageInstance
  readonly relations: Relations
}

/** `type` is the purl type of the packages: deb or opkg. */
export function extractStatus(path: string, bytes: Uint8Array, type: string): Extraction {
  const { stanzas, isTruncated } = parseStanzas(decodeText(bytes))
  const installed: InstalledPackage[] = []
  const problems: InventoryProblem[] = []
  if (isTruncated) problems.push({ path, reason: 'has more packages than are read' })
  for (const stanza of stanzas) {
    const read = readStanza(stanza, { path, type })
    if (read === 'not-installed') continue
    if ('reason' in read) problems.push(read)
    else installed.push(read)
  }
  const needs = resolveNeeds(installed.map(({ relations }) => relations))
  const instances = installed.map(({ instance }, index) => {
    const dependsOn = needs[index] ?? []
    return dependsOn.length === 0 ? instance : { ...instance, dependsOn }
  })
  return { instances, problems }
}

function readStanza(
  stanza: Stanza,
  { path, type }: { readonly path: string; readonly type: string },
): InstalledPackage | InventoryProblem | 'not-installed' {
  // `want flag status`; status.d has none, what is listed there is installed.
  const status = stanza.get('status')?.split(/\s+/).at(-1)
  if (status === 'not-installed' || status === 'config-files') return 'not-installed'
  const name = stanza.get('package') ?? ''
  const version = stanza.get('version') ?? ''
  if (name === '' || version === '') {
    const missing = name === '' ? 'Package' : 'Version'
    return { path, reason: `a stanza (${name || 'without a name'}) has no ${missing}` }
  }
  const found = { type, name, version, ...describe(stanza, name, version) }
  return {
    instance: { package: found, path, evidence: 'installed' },
    relations: relationsOf(stanza, name),
  }
}

function describe(
  stanza: Stanza,
  name: string,
  version: string,
): Pick<Package, 'architecture' | 'source' | 'vendor'> {
  const architecture = stanza.get('architecture') ?? ''
  const vendor = stanza.get('maintainer') ?? ''
  return {
    ...(architecture !== '' && { architecture }),
    source: sourceOf(stanza.get('source'), name, version),
    ...(vendor !== '' && { vendor }),
  }
}

/** Absent: the source is called as the package. `name (version)`: the version of the source differs (binNMU, gcc-12-base). */
function sourceOf(
  field: string | undefined,
  name: string,
  version: string,
): { readonly name: string; readonly version: string } {
  const match = /^([^\s(]+)(?:\s*\(([^)]+)\))?$/.exec(field ?? '')
  return { name: match?.[1] ?? name, version: match?.[2] ?? withoutRebuild(version) }
}

/** `+b1` marks a binary that was rebuilt without change of the source; advisories speak of the source. */
function withoutRebuild(version: string): string {
  return version.replace(/\+b[0-9]+$/, '')
}
