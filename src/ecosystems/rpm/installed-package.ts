// Purpose:  make a package of an installed package's header.
// Spec:     rpm, "RPM tags"; scanners read the same: name, EVR, source rpm, module label, vendor, licence, files, needs.
// Input:    the tags of one header; hostile.
// Deviates: gpg-pubkey entries are keys and no packages; rpm itself lists them.
// Unknowns: a header without name, version or release is a problem with what it does say.
import type { OwnedFiles, Package } from '../ecosystem.ts'
import type { Header } from './header.ts'
import { formatEvr, parseNevra } from './nevra.ts'

export interface InstalledPackage {
  readonly package: Package
  readonly licenses: readonly string[]
  readonly files: OwnedFiles
  /** Capabilities, as rpm names them: packages, libraries, files. */
  readonly provides: readonly string[]
  readonly requires: readonly string[]
}

export type HeaderReading =
  | { readonly kind: 'package'; readonly installed: InstalledPackage }
  | { readonly kind: 'key' }
  | { readonly kind: 'problem'; readonly reason: string }

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  architecture: 1022,
  sourceRpm: 1044,
  provideNames: 1047,
  requireNames: 1049,
  directoryIndexes: 1116,
  baseNames: 1117,
  directoryNames: 1118,
  moduleLabel: 5096,
} as const

const maxTextLength = 1024
const maxPathLength = 4096

export function readHeader(header: Header): HeaderReading {
  const [name = '', version = '', release = ''] = [
    header.text(tags.name),
    header.text(tags.version),
    header.text(tags.release),
  ]
  if (name === 'gpg-pubkey') return { kind: 'key' }
  if (name === '' || version === '' || release === '') return problem(name, version, release)
  if (Math.max(name.length, version.length, release.length) > maxTextLength)
    return { kind: 'problem', reason: 'a package has an overlong name or version' }
  return {
    kind: 'package',
    installed: {
      package: describePackage(header, { name, version, release }),
      licenses: present(header.text(tags.license)),
      files: { owner: name, paths: listFiles(header) },
      provides: header.texts(tags.provideNames),
      requires: header.texts(tags.requireNames),
    },
  }
}

function problem(name: string, version: string, release: string): HeaderReading {
  const missing = [
    name === '' ? 'name' : '',
    version === '' ? 'version' : '',
    release === '' ? 'release' : '',
  ].filter((part) => part !== '')
  const who = name === '' ? 'a package' : `package ${name.slice(0, 128)}`
  return { kind: 'problem', reason: `${who} has no ${missing.join(' and no ')}` }
}

function describePackage(
  header: Header,
  named: { readonly name: string; readonly version: string; readonly release: string },
): Package {
  const { name } = named
  const epoch = String(header.numbers(tags.epoch)[0] ?? 0)
  const [architecture] = present(header.text(tags.architecture))
  const [vendor] = present(header.text(tags.vendor))
  const source = sourceOf(header.text(tags.sourceRpm), name, epoch)
  const module = streamOf(header.text(tags.moduleLabel))
  return {
    type: 'rpm',
    name,
    version: formatEvr(epoch, named.version, named.release),
    ...(architecture === undefined ? {} : { architecture }),
    ...(source === undefined ? {} : { source }),
    ...(module === undefined ? {} : { module }),
    ...(vendor === undefined ? {} : { vendor }),
  }
}

/** File names have no epoch: that of the package is the source's only where both have one name (mod_ssl has another than httpd). */
export function sourceOf(
  sourceRpm: string | undefined,
  name: string,
  epoch: string,
): Package['source'] {
  const nevra = parseNevra(sourceRpm ?? '')
  if (nevra === undefined) return undefined
  const isOwn = nevra.name === name && !/^[0-9]+:/.test(nevra.version)
  return { name: nevra.name, version: isOwn ? formatEvr(epoch, nevra.version, '') : nevra.version }
}

/** `nodejs:18:8080020230718:63b34585` → `nodejs:18`: build and context do not matter to advisories. */
function streamOf(label: string | undefined): string | undefined {
  return /^[^:\s]+:[^:\s]+/.exec(label ?? '')?.[0].slice(0, maxTextLength)
}

/** `(none)` is how rpm prints what is absent, and some tools store it. */
function present(text: string | undefined): readonly string[] {
  return text === undefined || text === '' || text === '(none)'
    ? []
    : [text.slice(0, maxTextLength)]
}

/** Paths without their leading slash. */
function listFiles(header: Header): readonly string[] {
  const folders = header.texts(tags.directoryNames)
  const places = header.numbers(tags.directoryIndexes)
  return header.texts(tags.baseNames).flatMap((name, index) => {
    const folder = folders[places[index] ?? -1]
    const isPath = folder !== undefined && folder.length + name.length <= maxPathLength
    return isPath ? [`${folder}${name}`.replace(/^\/+/, '')] : []
  })
}
