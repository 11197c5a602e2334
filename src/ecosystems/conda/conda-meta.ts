// Purpose:  list the packages that conda installed.
// Spec:     conda, conda-meta/NAME-VERSION-BUILD.json: `name`, `version`, `build`, `channel`, `license`, `depends`.
// Input:    bytes of such a file from an image; hostile.
// Deviates: nothing.
// Unknowns: a record without a name or version is a problem.
import { isMembers, listOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'

export const condaMeta: Extractor = {
  id: 'conda-meta',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => /(?:^|\/)conda-meta\/[^/]+\.json$/.test(path),
  extract: extractMeta,
}

function extractMeta(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is not a JSON object')
  const { name, version, channel, license, depends, subdir } = read.value
  if (textOf(name) === undefined) return unreadable(path, 'has no name')
  const vendor = textOf(channel)
  const architecture = textOf(subdir)
  const licenses = textOf(license)
  const list = startPackageList({ type: 'conda', path, evidence: 'installed' })
  list.add({
    name: textOf(name) ?? '',
    version: textOf(version) ?? '',
    ...(vendor !== undefined && { vendor }),
    ...(architecture !== undefined && { architecture }),
    licenses: licenses === undefined ? [] : [licenses],
    // `python >=3.9,<3.10.0a0`
    dependsOn: listOf(depends).flatMap((need) => textOf(need)?.split(' ', 1) ?? []),
  })
  return list.extraction()
}
