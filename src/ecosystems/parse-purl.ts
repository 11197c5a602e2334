// Purpose:  tell which package a package URL names.
// Spec:     package-url, purl-spec's type definitions.
// Input:    text from somebody's document; hostile.
// Deviates: `distro` names a distribution as os-release does, whatever the tool that wrote the purl calls it.
// Unknowns: text outside the grammar, and a purl without a version, name no package: with the reason.
import { parsePurl, type Purl } from '../lib/purl.ts'
import type { Package, PurlName } from './ecosystem.ts'
import { findEcosystem } from './table.ts'

/** What a purl tells of the system that a package is of. */
export interface PurlRelease {
  readonly id: string
  readonly versionId?: string
}

export type NamedPackage =
  | { readonly kind: 'package'; readonly package: Package; readonly release?: PurlRelease }
  | { readonly kind: 'refused'; readonly reason: string }

/** The package as a package database would have it, and of which system. */
export function packageOfPurl(text: string): NamedPackage {
  const purl = parsePurl(text)
  if (purl === undefined) return { kind: 'refused', reason: 'is not a package URL' }
  if (purl.version === undefined) return { kind: 'refused', reason: 'has no version' }
  const isOs = findEcosystem(purl.type)?.packageManager === 'OS'
  const version = isOs ? withEpoch(purl, purl.version) : purl.version
  const named = { type: purl.type, name: nameOf(purl), version }
  if (!isOs) return { kind: 'package', package: named }
  const release = releaseOf(purl)
  const architecture = purl.qualifiers.get('arch')
  const source = sourceOf(purl, purl.version)
  return {
    kind: 'package',
    package: {
      ...named,
      ...(architecture === undefined ? {} : { architecture }),
      ...(source === undefined ? {} : { source }),
    },
    ...(release === undefined ? {} : { release }),
  }
}

function withEpoch({ qualifiers }: Purl, version: string): string {
  const epoch = qualifiers.get('epoch')
  return epoch === undefined ? version : `${epoch}:${version}`
}

/**
 * The name whose purl has these parts: `@scope/x` of npm, `group:artifact` of Maven. Of a system's packages the namespace is
 * whose they are, unless the ecosystem says that it is a part of the name.
 */
function nameOf({ type, namespace, name }: Purl): string {
  const ecosystem = findEcosystem(type)
  if (namespace === undefined) return name
  const candidates = [`${namespace}/${name}`, `${namespace}:${name}`]
  const parts = { namespace, name }
  const found = candidates.find((candidate) => isSame(ecosystem?.purlName?.(candidate), parts))
  const fallback = ecosystem?.packageManager === 'OS' ? name : `${namespace}/${name}`
  return found ?? fallback
}

function isSame(a: PurlName | undefined, b: PurlName): boolean {
  return a?.name === b.name && a.namespace === b.namespace
}

/** `glibc`, `glibc@2.36`, or the name of an rpm's source file: `glibc-2.34-60.el9.src.rpm`. */
function sourceOf(
  { type, qualifiers }: Purl,
  version: string,
): { readonly name: string; readonly version: string } | undefined {
  const upstream = qualifiers.get('upstream')
  if (upstream === undefined) return undefined
  if (type === 'rpm') {
    const [, name, built] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/s.exec(upstream) ?? []
    if (name !== undefined && built !== undefined) return { name, version: built }
  }
  const at = upstream.lastIndexOf('@')
  return at > 0 && at < upstream.length - 1
    ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) }
    : { name: upstream, version }
}

/** `debian-12`, `opensuse-leap-15.5`; `3.19.1` beside the namespace `alpine`; a codename tells no version. */
function releaseOf({ namespace, qualifiers }: Purl): PurlRelease | undefined {
  const distro = qualifiers.get('distro') ?? qualifiers.get('os_version')
  if (distro === undefined) return undefined
  const [, named, versionId] = /^(?:(.+)-)?([0-9][^-]*)$/s.exec(distro) ?? []
  const family = namespace?.split('/')[0]
  if (versionId !== undefined) {
    const id = named ?? qualifiers.get('os_name') ?? family
    return id === undefined ? undefined : { id: distributionId(id), versionId }
  }
  // Wolfi and rolling releases have an id and no version; of a bare codename nobody knows the release.
  return distro === family || rolling.test(distro) ? { id: distributionId(distro) } : undefined
}

const rolling = /^(?:arch|wolfi|chainguard|echo|debian|ubuntu|alpine|opensuse-tumbleweed)$/

/** What other tools call a distribution → its ID in os-release. */
const ids: ReadonlyMap<string, string> = new Map([
  ['redhat', 'rhel'],
  ['red hat enterprise linux', 'rhel'],
  ['alma', 'almalinux'],
  ['amazon', 'amzn'],
  ['amazonlinux', 'amzn'],
  ['oracle', 'ol'],
  ['oraclelinux', 'ol'],
  ['rockylinux', 'rocky'],
  ['opensuse.leap', 'opensuse-leap'],
  ['opensuse.tumbleweed', 'opensuse-tumbleweed'],
  ['suse linux enterprise server', 'sles'],
  ['cbl-mariner', 'mariner'],
  ['azure-linux', 'azurelinux'],
])

/** As os-release writes it: `redhat` is `rhel`. */
export function distributionId(name: string): string {
  const lower = name.toLowerCase()
  return ids.get(lower) ?? lower
}
