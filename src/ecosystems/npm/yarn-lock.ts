// Purpose:  list the packages that a yarn lock file promises.
// Spec:     yarn 1, "yarn.lock"; Yarn 2 and later, whose file is the same tree in YAML ("resolution", "linkType").
// Input:    bytes of a yarn.lock from an image; hostile.
// Deviates: workspaces, links and portals are the project's own code, not packages; the file does not tell what is for development.
// Unknowns: an entry without a version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { decodeText } from '../rfc822.ts'
import { isNpmName, splitDescriptor } from './names.ts'
import { parseYarnEntries, type YarnEntry } from './yarn-entries.ts'

export const yarnLock: Extractor = {
  id: 'npm-yarn-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  packageManager: 'YARN',
  wants: (path) => isProjectFile(path, ['yarn.lock']),
  extract: extractLock,
}

interface YarnPackage {
  readonly name: string
  readonly version: string
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const { entries, isTruncated, badLines } = parseYarnEntries(decodeText(bytes))
  if (entries.length === 0 && badLines.length > 0) {
    return unreadable(path, 'is not a lock file of yarn')
  }
  const list = startPackageList({ type: 'npm', path, evidence: 'declared' })
  if (isTruncated) list.problem('has more packages than are read')
  for (const line of badLines) list.problem(`line ${line} is none of a lock file of yarn`)
  const named = entries.map((entry) => ({ entry, found: packageOf(entry) }))
  const byDescriptor = new Map<string, YarnPackage>()
  for (const { entry, found } of named) {
    if (found === undefined) continue
    for (const descriptor of entry.descriptors) byDescriptor.set(descriptor, found)
  }
  for (const { entry, found } of named) {
    if (found === undefined) continue
    if (isNpmName(found.name)) list.add({ ...found, dependsOn: needsOf(entry, byDescriptor) })
    else list.problem(`the name ${quote(found.name)} of a package is none`)
  }
  return list.extraction()
}

/** Undefined for the project's own code and for the file's `__metadata`. */
function packageOf({ descriptors, fields }: YarnEntry): YarnPackage | undefined {
  const [first = ''] = descriptors
  if (first === '__metadata') return undefined
  const resolution = fields.get('resolution')
  const { name, range } = splitDescriptor(resolution ?? first)
  if (descriptors.every(isOwnCode) || /^(?:workspace|link|portal):/.test(range)) return undefined
  // Yarn 1 has the true name of an alias in the range: `short@npm:real@^1`.
  const target = range.startsWith('npm:') ? splitDescriptor(range.slice(4)) : undefined
  const isAlias = target !== undefined && target.range !== '' && isNpmName(target.name)
  return { name: isAlias ? target.name : name, version: fields.get('version') ?? '' }
}

function isOwnCode(descriptor: string): boolean {
  return /^(?:workspace|link|portal):/.test(splitDescriptor(descriptor).range)
}

function needsOf(
  { needs }: YarnEntry,
  byDescriptor: ReadonlyMap<string, YarnPackage>,
): readonly string[] {
  return needs.flatMap(([name, range]) => {
    const found = byDescriptor.get(`${name}@${range}`) ?? byDescriptor.get(`${name}@npm:${range}`)
    return found === undefined ? [] : [`${found.name}@${found.version}`]
  })
}
