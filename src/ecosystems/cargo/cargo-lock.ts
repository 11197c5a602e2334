// Purpose:  list the crates that a Cargo.lock settles on.
// Spec:     The Cargo Book, "Cargo.toml vs Cargo.lock"; cargo's lock format versions 1 to 4 (cargo/core/resolver/encode.rs).
// Input:    bytes of a Cargo.lock from an image; hostile.
// Deviates: members of the workspace are listed too, as the file has them; it does not tell build dependencies from others.
// Unknowns: text that is no TOML, or a package without name or version, is a problem.
import { parse } from 'smol-toml'
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'
import { isRecord, isText } from './values.ts'

export const cargoLock: Extractor = {
  id: 'cargo-lock',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: isCargoLock,
  extract: extractCargoLock,
}

const maxPackages = 50_000
const maxDependencies = 5000

interface LockedCrate {
  readonly name: string
  readonly version: string
  readonly dependencies: readonly string[]
}

/** Crates bring their own lock files, which nobody builds by. */
function isCargoLock(path: string): boolean {
  if (path !== 'Cargo.lock' && !path.endsWith('/Cargo.lock')) return false
  return !/(?:^|\/)(?:registry\/src|git\/checkouts|testdata)\//.test(path)
}

function extractCargoLock(path: string, bytes: Uint8Array): Extraction {
  const document = parseToml(decodeText(bytes))
  if (typeof document === 'string') return { instances: [], problems: [{ path, reason: document }] }
  const { root, package: listed = [] } = document
  if (!Array.isArray(listed))
    return { instances: [], problems: [{ path, reason: 'its packages are not a list' }] }
  const problems: InventoryProblem[] = []
  // Lock files of 2016 and before have the package itself in a table of its own.
  const packages: readonly unknown[] = listed
  const rows = root === undefined ? packages : [root, ...packages]
  if (rows.length > maxPackages)
    problems.push({ path, reason: 'lists more packages than are read' })
  const crates = rows.slice(0, maxPackages).map(readCrate)
  const unread = crates.filter((crate) => crate === undefined).length
  if (unread > 0) problems.push({ path, reason: `${unread} packages have no name or no version` })
  const read = crates.filter((crate) => crate !== undefined)
  return { instances: instancesOf(read, path), problems }
}

function parseToml(text: string): Readonly<Record<string, unknown>> | string {
  try {
    return parse(text, { maxDepth: 64 })
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n', 1) : []
    return `is not TOML: ${line.slice(0, 200)}`
  }
}

function readCrate(value: unknown): LockedCrate | undefined {
  if (!isRecord(value)) return undefined
  const { name, version, dependencies = [] } = value
  if (!isText(name) || !isText(version)) return undefined
  const needed = Array.isArray(dependencies) ? dependencies.slice(0, maxDependencies) : []
  return { name, version, dependencies: needed.filter(isText) }
}

function instancesOf(crates: readonly LockedCrate[], path: string): readonly PackageInstance[] {
  const versions = new Map<string, string>(crates.map(({ name, version }) => [name, version]))
  const byKey = new Map<string, PackageInstance>()
  for (const { name, version, dependencies } of crates) {
    const dependsOn = dependencies.map((text) => nameAndVersion(text, versions))
    byKey.set(`${name}@${version}`, {
      package: { type: 'cargo', name, version },
      path,
      evidence: 'declared',
      ...(dependsOn.length > 0 && { dependsOn }),
    })
  }
  return [...byKey.values()]
}

/** `name`, where there is one version of it; `name version`; `name version (source)`. */
function nameAndVersion(text: string, versions: ReadonlyMap<string, string>): string {
  const [name = '', version = versions.get(name)] = text.split(' ', 3)
  return version === undefined ? name : `${name}@${version}`
}
