// Purpose:  split the file name of a Java archive into artifact and version.
// Spec:     Maven, repository layout: ARTIFACT-VERSION[-CLASSIFIER].EXTENSION; Eclipse: NAME_VERSION.jar.
// Input:    the path of an archive, in an image or in another archive; hostile.
// Deviates: nothing; a name without a version is a name.
// Unknowns: where the version begins is told by what the manifest gives as version; else it begins at the last number with a point.

export interface ArchiveName {
  readonly artifact: string
  readonly version?: string
}

/** What stands after the version and is no part of it. */
const classifier =
  /^(?:shaded|all|sources|javadoc|tests?|test-sources|jar-with-dependencies|standalone|uber|fat|exec|plain|boot|bin|dist|no_?aop|(?:linux|osx|windows|natives)[\w.-]*)$/i
const maxNameLength = 255

/** `versions` are what the archive says its version is; the surest first. */
export function splitArchiveName(path: string, versions: readonly string[]): ArchiveName {
  const stem = path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.[A-Za-z]+$/, '')
    .slice(0, maxNameLength)
  for (const version of versions) {
    const at = stem.indexOf(`-${version}`)
    const rest = at <= 0 ? undefined : stem.slice(at + 1 + version.length)
    if (rest === '' || (rest?.startsWith('-') === true && classifier.test(rest.slice(1))))
      return { artifact: stem.slice(0, at), version }
  }
  const at = versionStart(stem)
  if (at === undefined) return { artifact: stem }
  const [artifact, version] = [stem.slice(0, at), stem.slice(at + 1)]
  return /^[\w.+~-]+$/.test(version)
    ? { artifact, version: withoutClassifier(version) }
    : { artifact: stem }
}

/** Of `log4j-1.2-api-2.14.1` the last; of `zstd-jni-1.3.8-5` the one before the build number. */
function versionStart(stem: string): number | undefined {
  const dotted = [...stem.matchAll(/-(?=[0-9]+\.[0-9])/g)].map(({ index }) => index)
  const last = dotted.at(-1)
  // A snapshot's time stamp belongs to the version that stands before it.
  const isTimestamp = last !== undefined && /^-[0-9]{8}\.[0-9]{6}-[0-9]+/.test(stem.slice(last))
  const at = (isTimestamp ? (dotted.at(-2) ?? last) : last) ?? /-(?=[0-9])/.exec(stem)?.index
  const found = at ?? /_(?=[0-9]+\.[0-9]+\.)/.exec(stem)?.index
  return found === 0 ? undefined : found
}

function withoutClassifier(version: string): string {
  const [, bare, rest = ''] = /^([0-9][\w.+~]*?)-([A-Za-z][\w.-]*)$/.exec(version) ?? []
  return bare !== undefined && classifier.test(rest) ? bare : version
}
