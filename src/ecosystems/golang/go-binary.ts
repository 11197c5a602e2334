// Purpose:  list the modules that a Go program is made of, and the Go release that built it.
// Spec:     Go, runtime/debug.BuildInfo; go.dev/security/vuln/database (modules `stdlib` and `toolchain`).
// Input:    bytes of an ELF, PE or Mach-O file; hostile.
// Deviates: the main module's version is taken from -ldflags where the build knew none, and is then 'recognised'.
// Unknowns: packed programs, unreleased toolchains and programs that list no modules are problems; a module built from a folder is `(devel)`, which has no order.
import type {
  Extraction,
  Extractor,
  InventoryProblem,
  PackageEvidence,
  PackageInstance,
} from '../ecosystem.ts'
import type { ExecutableImage } from '../executables/executable-image.ts'
import { mayBeExecutable } from '../executables/executable-paths.ts'
import { isExecutableHead, readExecutable } from '../executables/executable.ts'
import { isPacked } from '../executables/packed.ts'
import { readBuildInfo } from './build-info.ts'
import { versionOfLinkerFlags } from './main-version.ts'
import { developmentVersion, parseModuleList, type ModuleList } from './module-list.ts'

export const goBinary: Extractor = {
  id: 'go-binary',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: mayBeExecutable,
  recognises: isExecutableHead,
  extract: extractGoBinary,
}

interface Found {
  readonly instances: Map<string, PackageInstance>
  readonly problems: InventoryProblem[]
  readonly path: string
}

function extractGoBinary(path: string, bytes: Uint8Array): Extraction {
  const found: Found = { instances: new Map(), problems: [], path }
  const images = readExecutable(bytes)
  for (const image of images) readImage(image, found)
  // Damage says why nothing was found; a program that was read tells enough.
  if (found.instances.size === 0 && found.problems.length === 0) {
    for (const { damage } of images)
      if (damage !== undefined) report(found, `is a damaged executable: ${damage}`)
  }
  return { instances: [...found.instances.values()], problems: found.problems }
}

function readImage(image: ExecutableImage, found: Found): void {
  const reading = readBuildInfo(image)
  if (reading.kind === 'unreadable') report(found, reading.reason)
  if (reading.kind === 'absent' && isPacked(image))
    report(found, 'is packed by UPX: what it is made of cannot be read')
  if (reading.kind !== 'found') return
  const list = parseModuleList(reading.moduleText)
  const isToolchain = list.packagePath?.startsWith('cmd/') === true && list.main === undefined
  keepToolchain(reading.goVersion, isToolchain, found)
  keepModules(list, found)
  if (list.isTruncated) report(found, 'lists more modules than are read')
  const isWithoutModules = list.main === undefined && list.dependencies.length === 0
  if (isWithoutModules && !isToolchain)
    report(found, 'is a Go program that was built without modules: it does not tell which it holds')
}

/** Parts of Go itself are the package `toolchain` besides. */
function keepToolchain(goVersion: string, isToolchain: boolean, found: Found): void {
  const version = releaseOf(goVersion)
  if (version === undefined) {
    const told = goVersion.slice(0, 100)
    report(found, `was built by a Go toolchain that is no release (${told})`)
    return
  }
  keep(found, 'stdlib', version, 'installed')
  if (isToolchain) keep(found, 'toolchain', version, 'installed')
}

/** `go1.22.3 X:boringcrypto`, `go1.22.3-fips` and `go1.22.3 (Red Hat 1.22.3-1)` are 1.22.3, as their makers patch it. */
function releaseOf(goVersion: string): string | undefined {
  return /^go([0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]+)?)(?:[-+ ]|$)/.exec(goVersion)?.[1]
}

function keepModules({ main, dependencies, settings }: ModuleList, found: Found): void {
  if (main !== undefined) {
    const flagged =
      main.version === developmentVersion
        ? versionOfLinkerFlags(settings.get('-ldflags') ?? '')
        : undefined
    if (flagged === undefined) keep(found, main.path, main.version, 'installed')
    else keep(found, main.path, flagged, 'recognised')
  }
  for (const { path, version } of dependencies) keep(found, path, version, 'installed')
}

function keep(found: Found, name: string, version: string, evidence: PackageEvidence): void {
  const key = `${name} ${version}`
  // The images of a fat file list the same modules.
  if (found.instances.has(key)) return
  found.instances.set(key, {
    package: { type: 'golang', name, version },
    path: found.path,
    evidence,
  })
}

function report({ problems, path }: Found, reason: string): void {
  if (!problems.some((problem) => problem.reason === reason)) problems.push({ path, reason })
}
