// Purpose:  list the R packages that a lock file of renv promises.
// Spec:     renv, renv.lock: `Packages` with `Package`, `Version`, `Source`, `Requirements`.
// Input:    bytes of a renv.lock from an image; hostile.
// Deviates: nothing.
// Unknowns: a package without a version is a problem.
import { entriesOf, isMembers, listOf, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const renvLock: Extractor = {
  id: 'cran-renv-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['renv.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is not a JSON object')
  const list = startPackageList({ type: 'cran', path, evidence: 'declared' })
  for (const [key, value] of entriesOf(read.value['Packages'])) {
    const {
      Package: name,
      Version: version,
      Source: source,
      Requirements: needs,
    } = membersOf(value)
    list.add({
      name: textOf(name) ?? key,
      version: textOf(version) ?? '',
      dependsOn: listOf(needs)
        .flatMap((need) => textOf(need) ?? [])
        .filter((need) => need !== 'R'),
      ...(source === 'Bioconductor' && { type: 'bioconductor' }),
    })
  }
  return list.extraction()
}
