// Purpose:  tell which Java runtime lies in a folder.
// Spec:     OpenJDK, the release file of an image; JEP 223 and JEP 322 (version strings).
// Input:    bytes of a file called release; hostile.
// Deviates: versions before 9 are written as since: 1.8.0_392 is 8.0.392, as advisories have it.
// Unknowns: a file without JAVA_VERSION is another kind of file and tells nothing; one with a version of no known form is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const jdkRelease: Extractor = {
  id: 'java-runtime',
  revision: 1,
  maxBytes: 64 * 1024,
  wants: (path) => /(?:^|\/)release$/.test(path),
  extract: extractRelease,
}

function extractRelease(path: string, bytes: Uint8Array): Extraction {
  const values = new Map<string, string>()
  for (const line of decodeText(bytes).split(/\r?\n/, 200)) {
    const [, key, value = ''] = /^([A-Z_]+)="?([^"]*)"?$/.exec(line) ?? []
    if (key !== undefined) values.set(key, value.trim())
  }
  const stated = values.get('JAVA_VERSION')
  if (stated === undefined) return { instances: [], problems: [] }
  const version = modernVersion(stated)
  if (version === undefined) return unreadable(path, `the Java version ${quote(stated)} is none`)
  const vendor = values.get('IMPLEMENTOR') ?? ''
  // Recognised: where a package of the operating system brought it, that package speaks for it.
  const list = startPackageList({ type: 'generic', path, evidence: 'recognised' })
  list.add({ name: 'java', version, ...(vendor !== '' && { vendor }) })
  return list.extraction()
}

function modernVersion(text: string): string | undefined {
  const [, feature, minor = '0', update = '0'] =
    /^1\.([5-8])\.([0-9]+)(?:_0*([0-9]+))?(?:-.*)?$/.exec(text) ?? []
  if (feature !== undefined) return `${feature}.${minor}.${update}`
  return /^[0-9]+(?:\.[0-9]+)*(?:-[a-z]+)?$/.test(text) ? text : undefined
}
