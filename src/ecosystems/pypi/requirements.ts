// Purpose:  list what requirements files pin, and what pip and setuptools say they brought along in their own folders.
// Spec:     pip, "Requirements File Format"; PEP 508; PEP 440, version matching and arbitrary equality.
// Input:    bytes of requirements*.txt, requirements/*.txt, or _vendor/vendor.txt; hostile.
// Deviates: other files that one includes are read as files of their own, if they are named like requirements.
// Unknowns: what is not pinned to one version is no statement about what is there, and is not listed.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

const file = /(?:^|\/)(?:[\w.-]*requirements[\w.-]*|requirements\/[\w.-]+)\.txt$/i
/** What is copied into pip and setuptools has no metadata of its own, but for this list. */
const vendored = /\/(?:pip|setuptools|pkg_resources)\/(?:_|extern\/)?_?vendor\/vendor(?:ed)?\.txt$/
/** A package brings the requirements of its own tests along. */
const insidePackage = /(?:^|\/)(?:site-packages|dist-packages|node_modules)\//

const maxLines = 100_000
/** `name[extra] == 1.2`; of several clauses none is read. */
const pin =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*\(?\s*={2,3}\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)\s*\)?$/

export const pythonRequirements: Extractor = {
  id: 'python-requirements',
  revision: 1,
  maxBytes: 4 * 1024 * 1024,
  packageManager: 'PIP',
  wants: (path) =>
    path.endsWith('.txt') &&
    (vendored.test(path) || (file.test(path) && !insidePackage.test(path))),
  extract: extractRequirements,
}

function extractRequirements(path: string, bytes: Uint8Array): Extraction {
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const lines = decodeText(bytes)
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/, maxLines + 1)
  if (lines.length > maxLines) list.problem(`has more than the ${maxLines} lines that are read`)
  for (const line of joined(lines.slice(0, maxLines))) {
    const [, name, version] = pin.exec(requirementOf(line)) ?? []
    if (name !== undefined && version !== undefined) list.add({ name, version })
  }
  return list.extraction()
}

/** As pip joins them: a backslash at the end of a line, unless the line is a comment. */
function joined(lines: readonly string[]): readonly string[] {
  const whole: string[] = []
  let begun = ''
  for (const line of lines) {
    const isComment = /^\s*#/.test(line)
    if (line.endsWith('\\') && !isComment) {
      begun += line.replace(/(?<!\\)\\+$/, '')
      continue
    }
    whole.push(isComment ? begun : begun + line)
    begun = ''
  }
  return [...whole, begun]
}

/** Without comment, marker and the options of this requirement. */
function requirementOf(line: string): string {
  const [bare = ''] = line.replace(/(?:^|\s)#.*$/s, '').split(/;|\s--?[A-Za-z]/, 1)
  return bare.trim().replaceAll(/\s+/g, ' ')
}
