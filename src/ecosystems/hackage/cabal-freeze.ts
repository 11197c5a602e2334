// Purpose:  list the packages that a frozen Cabal project promises.
// Spec:     cabal-install, cabal.project.freeze: `constraints: any.NAME ==VERSION, …`.
// Input:    bytes of such a file from an image; hostile.
// Deviates: constraints on flags, and others than `==`, pin nothing and are passed over.
// Unknowns: a file without constraints is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { decodeText } from '../rfc822.ts'

export const cabalFreeze: Extractor = {
  id: 'hackage-cabal-freeze',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['cabal.project.freeze']),
  extract: extractFreeze,
}

const pinned =
  /(?:^|[\s,:])(?:any\.)?([A-Za-z0-9][A-Za-z0-9-]*) ?==([0-9]+(?:\.[0-9]+)*)(?=[\s,]|$)/g

function extractFreeze(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes).replaceAll(/^[ \t]*--[^\n]*$/gm, '')
  if (!/^constraints:/m.test(text)) return unreadable(path, 'has no constraints')
  const list = startPackageList({ type: 'hackage', path, evidence: 'declared' })
  for (const [, name = '', version = ''] of text.matchAll(pinned)) list.add({ name, version })
  return list.extraction()
}
