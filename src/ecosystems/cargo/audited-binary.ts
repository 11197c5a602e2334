// Purpose:  list the crates that a Rust program says it was built from.
// Spec:     cargo-auditable, PARSING.md and the JSON schema of its format: zlib-compressed JSON in the section `.dep-v0`.
// Input:    bytes of an ELF, PE or Mach-O file; hostile.
// Deviates: crates of kind `build` are listed and marked: they ran where it was built, and are not in it.
// Unknowns: a section that cannot be read is a problem; a Rust program without one tells nothing, and nothing is said.
import { inflateSync } from 'node:zlib'
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { findSection } from '../executables/executable-image.ts'
import { mayBeExecutable } from '../executables/executable-paths.ts'
import { isExecutableHead, readExecutable } from '../executables/executable.ts'
import { isRecord, isText } from './values.ts'

export const auditedBinary: Extractor = {
  id: 'cargo-auditable',
  revision: 3,
  maxBytes: 256 * 1024 * 1024,
  wants: mayBeExecutable,
  recognises: isExecutableHead,
  extract: extractAuditedBinary,
}

const maxInflatedBytes = 8 * 1024 * 1024
const maxCrates = 20_000

interface Crate {
  readonly name: string
  readonly version: string
  readonly isBuildOnly: boolean
  readonly dependencies: readonly unknown[]
}

function extractAuditedBinary(path: string, bytes: Uint8Array): Extraction {
  const instances = new Map<string, PackageInstance>()
  const problems: InventoryProblem[] = []
  for (const image of readExecutable(bytes)) {
    const section = findSection(image, '.dep-v0')
    if (section === undefined) continue
    const read = readList(section)
    if (typeof read === 'string') {
      if (problems.length === 0) problems.push({ path, reason: read })
      continue
    }
    if (read.unread > 0 && problems.length === 0)
      problems.push({ path, reason: `lists ${read.unread} crates that cannot be read` })
    for (const crate of read.crates) {
      if (crate === undefined) continue
      const key = `${crate.name}@${crate.version}`
      // The images of a fat file list the same crates.
      if (!instances.has(key)) instances.set(key, instanceOf(crate, read.crates, path))
    }
  }
  return { instances: [...instances.values()], problems }
}

interface CrateList {
  /** By the number that other crates name them by; undefined for those that cannot be read. */
  readonly crates: readonly (Crate | undefined)[]
  readonly unread: number
}

/** A string is the reason why it cannot be read. */
function readList(section: Uint8Array): CrateList | string {
  const document = parseSection(section)
  if (document === undefined) return 'its list of crates (.dep-v0) cannot be decompressed or parsed'
  const packages = isRecord(document) ? document['packages'] : undefined
  if (!Array.isArray(packages)) return 'its list of crates (.dep-v0) has no packages'
  const crates = packages.slice(0, maxCrates).map(readCrate)
  return {
    crates,
    unread: packages.length - crates.filter((crate) => crate !== undefined).length,
  }
}

function parseSection(section: Uint8Array): unknown {
  try {
    // PE rounds sections up: what follows the compressed list is no part of it.
    const inflated = inflateSync(section, { maxOutputLength: maxInflatedBytes })
    return JSON.parse(inflated.toString())
  } catch {
    return undefined
  }
}

function readCrate(value: unknown): Crate | undefined {
  if (!isRecord(value)) return undefined
  const { name, version, kind, dependencies } = value
  if (!isText(name) || !isText(version)) return undefined
  return {
    name,
    version,
    isBuildOnly: kind === 'build',
    dependencies: Array.isArray(dependencies) ? dependencies : [],
  }
}

function instanceOf(
  { name, version, isBuildOnly, dependencies }: Crate,
  crates: CrateList['crates'],
  path: string,
): PackageInstance {
  const dependsOn = dependencies.slice(0, maxCrates).flatMap((index) => {
    const crate = typeof index === 'number' ? crates[index] : undefined
    return crate === undefined ? [] : [`${crate.name}@${crate.version}`]
  })
  return {
    package: { type: 'cargo', name, version },
    path,
    // What only ran at the build is not in the program: the list promises that it was used.
    evidence: isBuildOnly ? 'declared' : 'installed',
    ...(isBuildOnly && { isDevelopment: true }),
    ...(dependsOn.length > 0 && { dependsOn }),
  }
}
