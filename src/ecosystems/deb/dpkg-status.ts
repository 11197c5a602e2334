// Purpose:  list the packages that dpkg installed.
// Spec:     dpkg(1) status file, deb-control(5) Source; distroless keeps one file for each package in status.d.
// Input:    bytes of a status file from an image; hostile.
// Deviates: packages that are unpacked or half installed count: their files are there.
// Unknowns: a stanza without name or version is a problem, never dropped in silence.
import type {
  Extraction,
  Extractor,
  InventoryProblem,
  Package,
  PackageInstance,
} from '../ecosystem.ts'
import { resolveNeeds, type Relations } from '../resolve-needs.ts'
import { decodeText, parseStanzas, type Stanza } from '../rfc822.ts'
import { relationsOf } from './relations.ts'

const statusFile = /^(?:usr\/)?var\/lib\/dpkg\/status$/
const statusDirectory = /^(?:usr\/)?var\/lib\/dpkg\/status\.d\/[^/]+$/
/** What lies beside the stanzas in status.d. */
const companions =
  /\.(?:md5sums|preinst|postinst|prerm|postrm|conffiles|list|shlibs|symbols|triggers)$/

export const dpkgStatus: Extractor = {
  id: 'dpkg-status',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => statusFile.test(path) || (statusDirectory.test(path) && !companions.test(path)),
  extract: extractStatus,
}

interface InstalledPackage {
  readonly instance: PackageInstance
  readonly relations: Relations
}

function extractStatus(path: string, bytes: Uint8Array): Extraction {
  const { stanzas, isTruncated } = parseStanzas(decodeText(bytes))
  const installed: InstalledPackage[] = []
  const problems: InventoryProblem[] = []
  if (isTruncated) problems.push({ path, reason: 'has more packages than are read' })
  for (const stanza of stanzas) {
    const read = readStanza(stanza, path)
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
  path: string,
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
  const found = packageOf(stanza, name, version)
  return {
    instance: { package: found, path, evidence: 'installed' },
    relations: relationsOf(stanza, name),
  }
}

function packageOf(stanza: Stanza, name: string, version: string): Package {
  const architecture = stanza.get('architecture') ?? ''
  const vendor = stanza.get('maintainer') ?? ''
  return {
    type: 'deb',
    name,
    version,
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
