// Purpose:  list the Perl distributions that cpanm or Carton installed.
// Spec:     App::cpanminus, LIB/ARCH/.meta/NAME-VERSION/install.json: `dist`, `name`, `version`.
// Input:    bytes of such a file from an image; hostile.
// Deviates: META.json of a source tree is no sign of an installation; other clients leave no record of versions.
// Unknowns: a record without a distribution or version is a problem.
import { isMembers, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'

export const cpanInstallRecord: Extractor = {
  id: 'cpan-install-record',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => /(?:^|\/)\.meta\/[^/]+\/install\.json$/.test(path),
  extract: extractRecord,
}

function extractRecord(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is not a JSON object')
  const { dist, name, version } = read.value
  // `Moose-2.2011`, of the module Moose; the record names the version of the distribution.
  const distribution = /^(.+)-v?[0-9][^-]*(?:-TRIAL)?$/.exec(textOf(dist) ?? '')?.[1]
  const found = distribution ?? textOf(name)?.replaceAll('::', '-')
  if (found === undefined) return unreadable(path, 'names no distribution')
  const list = startPackageList({ type: 'cpan', path, evidence: 'installed' })
  list.add({ name: found, version: textOf(version) ?? '' })
  return list.extraction()
}
