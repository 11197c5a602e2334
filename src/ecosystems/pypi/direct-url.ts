// Purpose:  say which Python packages were installed from a commit, whose version number may be that of no release.
// Spec:     PyPA, "Recording the direct URL origin of installed distributions" (direct_url.json).
// Input:    bytes of direct_url.json beside METADATA; hostile.
// Deviates: an archive or a local folder as origin is not mentioned: the first is a release, the second is the image's own code.
// Unknowns: the package itself is told by its METADATA; that its version does not settle what advisories ask is a problem here.
import { isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, unreadable } from '../package-list.ts'

export const pythonDirectUrl: Extractor = {
  id: 'python-direct-url',
  revision: 1,
  maxBytes: 64 * 1024,
  wants: (path) => path.endsWith('.dist-info/direct_url.json'),
  extract: extractDirectUrl,
}

function extractDirectUrl(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const { url, vcs_info: source } = membersOf(reading.value)
  if (textOf(url) === undefined) return unreadable(path, 'names no url')
  if (!isMembers(source)) return { instances: [], problems: [] }
  const commit = textOf(source['commit_id']) ?? 'unknown'
  return unreadable(
    path,
    `the package was installed from commit ${quote(commit)}, not from a release: advisories go by its version, which may be wrong`,
  )
}
