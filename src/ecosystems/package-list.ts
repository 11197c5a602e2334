// Gathers what an extractor finds in one file: each package once, within limits, and what could not be read.
import type {
  Extraction,
  InventoryProblem,
  Package,
  PackageEvidence,
  PackageInstance,
} from './ecosystem.ts'
import { maxVersionLength } from './digits.ts'

/** More than any lock file of a monorepo has. */
const maxPackages = 100_000
/** Of a broken file the first ones say enough. */
const maxProblems = 50
const maxNameLength = 512
const maxTexts = 1000

export type FoundPackage = Omit<Package, 'type'> &
  Pick<PackageInstance, 'licenses' | 'dependsOn' | 'isDevelopment'> & {
    /** Where the list's own is not it. */
    readonly type?: string
    /** Of a package inside the file: `outer!/inner`. */
    readonly path?: string
    /** Where it is another than the list's. */
    readonly evidence?: PackageEvidence
  }

export interface PackageList {
  /**
   * Takes a package, or notes a problem where its name or version is none. One that is there twice is kept once, as
   * needed for development only if it is so both times.
   */
  add(found: FoundPackage): void
  problem(reason: string): void
  extraction(): Extraction
}

export function startPackageList({
  type,
  path,
  evidence,
}: {
  readonly type: string
  readonly path: string
  readonly evidence: PackageEvidence
}): PackageList {
  const instances = new Map<string, PackageInstance>()
  const problems: InventoryProblem[] = []
  let dropped = 0
  const problem = (reason: string): void => {
    if (problems.length < maxProblems) problems.push({ path, reason })
    else dropped += 1
  }
  const add = (found: FoundPackage): void => {
    const complaint = complaintAbout(found)
    if (complaint !== undefined) return problem(complaint)
    const instance = instanceOf({ path, ...found }, { type, evidence })
    const key = keyOf(instance)
    const before = instances.get(key)
    if (before === undefined && instances.size >= maxPackages) dropped += 1
    else instances.set(key, before === undefined ? instance : merge(before, instance))
  }
  const extraction = (): Extraction => ({
    instances: [...instances.values()],
    problems:
      dropped === 0
        ? problems
        : [...problems, { path, reason: `${dropped} more packages or problems are not listed` }],
  })
  return { add, problem, extraction }
}

/** An extraction of one problem: the file as a whole cannot be read. */
export function unreadable(path: string, reason: string): Extraction {
  return { instances: [], problems: [{ path, reason }] }
}

/** For the reason of a problem: text from an image, quoted and of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

function instanceOf(
  {
    licenses = [],
    dependsOn = [],
    isDevelopment,
    path,
    type,
    evidence,
    ...named
  }: FoundPackage & { readonly path: string },
  given: { readonly type: string; readonly evidence: PackageEvidence },
): PackageInstance {
  return {
    package: { type: type ?? given.type, ...named },
    path,
    evidence: evidence ?? given.evidence,
    ...(licenses.length > 0 && { licenses: [...new Set(licenses)].slice(0, maxTexts) }),
    ...(dependsOn.length > 0 && { dependsOn: [...new Set(dependsOn)].slice(0, maxTexts) }),
    ...(isDevelopment === true && { isDevelopment: true }),
  }
}

/** What is found once; none of these texts has a line end. */
function keyOf({ path, package: found }: PackageInstance): string {
  const { type, namespace = '', name, version, architecture = '', vendor = '' } = found
  return [type, namespace, name, version, architecture, vendor, path].join('\n')
}

function complaintAbout({ name, version }: FoundPackage): string | undefined {
  if (!isPlain(name, maxNameLength)) return `the name ${quote(name)} of a package is none`
  if (version === '') return `${quote(name)} has no version`
  return isPlain(version, maxVersionLength)
    ? undefined
    : `the version ${quote(version)} of ${quote(name)} is none`
}

/** Control characters and line separators have no place in a name, and would reach pages and logs. */
function isPlain(text: string, longest: number): boolean {
  if (text === '' || text.length > longest) return false
  return /^[\x20-\x7e]+$/.test(text) || !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text)
}

function merge(a: PackageInstance, b: PackageInstance): PackageInstance {
  const { isDevelopment, licenses = [], dependsOn = [], ...rest } = a
  const allLicenses = [...new Set([...licenses, ...(b.licenses ?? [])])]
  const allNeeds = [...new Set([...dependsOn, ...(b.dependsOn ?? [])])].slice(0, maxTexts)
  return {
    ...rest,
    ...(allLicenses.length > 0 && { licenses: allLicenses.slice(0, maxTexts) }),
    ...(allNeeds.length > 0 && { dependsOn: allNeeds }),
    ...(isDevelopment === true && b.isDevelopment === true && { isDevelopment: true }),
  }
}
