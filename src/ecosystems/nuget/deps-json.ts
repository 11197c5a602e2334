// Purpose:  list the NuGet packages that lie beside a .NET application, and the shared runtimes.
// Spec:     .NET, runtime-configuration-file.md (deps.json): runtimeTarget, targets, libraries; runtime packs.
// Input:    bytes of *.deps.json; hostile.
// Deviates: packages of which no file is there at run time (references, analyzers) are not listed; projects are the image's own code.
// Unknowns: a package that the target does not speak of is listed; an entry that is no NAME/VERSION is a problem.
import { entriesOf, isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'

export const depsJson: Extractor = {
  id: 'dotnet-deps-json',
  revision: 1,
  maxBytes: 64 * 1024 * 1024,
  packageManager: 'DOTNET_CORE',
  wants: (path) => path.endsWith('.deps.json'),
  extract: extractDepsJson,
}

/** Files of a package that are loaded or copied when the application runs. */
const assets = ['runtime', 'native', 'runtimeTargets', 'resources'] as const
/** A self-contained application names the runtime it brings along by this prefix. */
const packPrefix = 'runtimepack.'
const sharedFramework = /(?:^|\/)shared\/([\w.]+)\/([0-9][\w.+-]*)\/\1\.deps\.json$/

function extractDepsJson(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (!isMembers(reading.value)) return unreadable(path, 'is not a JSON object')
  const { libraries, targets, runtimeTarget } = reading.value
  const targetName = textOf(isMembers(runtimeTarget) ? runtimeTarget['name'] : runtimeTarget)
  const target = membersOf(targets)[targetName ?? '']
  const list = startPackageList({ type: 'nuget', path, evidence: 'installed' })
  for (const [key, library] of entriesOf(libraries)) addLibrary(list, { key, library, target })
  const runtime = sharedRuntime(path, targetName)
  if (runtime !== undefined) list.add(runtime)
  return list.extraction()
}

function addLibrary(
  list: PackageList,
  {
    key,
    library,
    target,
  }: { readonly key: string; readonly library: unknown; readonly target: unknown },
): void {
  const type = textOf(membersOf(library)['type'])?.toLowerCase()
  if (type !== 'package' && type !== 'runtimepack') return
  const [, name, version] = /^([^/]+)\/([^/]+)$/.exec(key) ?? []
  if (name === undefined || version === undefined)
    return list.problem(`the library ${quote(key)} is no name and version`)
  const inTarget = membersOf(target)[key]
  if (isMembers(inTarget) && !hasAssets(inTarget)) return
  list.add({ name: withoutPrefix(name), version, dependsOn: needsOf(inTarget) })
}

function hasAssets(library: unknown): boolean {
  const members = membersOf(library)
  return (
    members['compileOnly'] !== true && assets.some((kind) => entriesOf(members[kind]).length > 0)
  )
}

function needsOf(library: unknown): readonly string[] {
  return entriesOf(membersOf(library)['dependencies']).map(([name, version]) =>
    typeof version === 'string' ? `${withoutPrefix(name)}@${version}` : withoutPrefix(name),
  )
}

function withoutPrefix(name: string): string {
  return name.startsWith(packPrefix) ? name.slice(packPrefix.length) : name
}

/** `shared/Microsoft.NETCore.App/8.0.1` for `linux-x64` is the package Microsoft.NETCore.App.Runtime.linux-x64. */
function sharedRuntime(
  path: string,
  targetName: string | undefined,
): { readonly name: string; readonly version: string } | undefined {
  const [, framework, version] = sharedFramework.exec(path) ?? []
  const [, identifier] = /\/([a-z][a-z0-9-]*)$/.exec(targetName ?? '') ?? []
  return framework === undefined || version === undefined || identifier === undefined
    ? undefined
    : { name: `${framework}.Runtime.${identifier}`, version }
}
