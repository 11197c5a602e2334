// Purpose:  recognise well-known programs that no package manager keeps, by a text in their bytes.
// Spec:     none; the texts are what the programs answer when they are asked for their version.
// Input:    bytes of an executable of a known name; hostile.
// Deviates: what is found is 'recognised', never installed: a text can lie, and back-ported fixes do not show.
// Unknowns: a program of a known name that has no such text is not named: many programs are called `node` or `helm`.
import type { Extraction, Extractor, PackageInstance } from '../ecosystem.ts'
import { mayBeExecutable } from '../executables/executable-paths.ts'
import { isExecutableHead } from '../executables/executable.ts'
import { findMark } from './find-mark.ts'
import { knownPrograms } from './known-programs.ts'

export const recognisedBinary: Extractor = {
  id: 'known-binary',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) =>
    mayBeExecutable(path) && knownPrograms.some(({ file }) => file.test(nameOf(path))),
  recognises: isExecutableHead,
  extract: extractRecognised,
}

function extractRecognised(path: string, bytes: Uint8Array): Extraction {
  const base = nameOf(path)
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const { name, file, marks } of knownPrograms) {
    if (!file.test(base)) continue
    for (const mark of marks) {
      const version = findMark(content, mark, (told) => agrees(name, base, told))
      if (version === undefined) continue
      const instance: PackageInstance = {
        package: { type: 'generic', name, version },
        path,
        evidence: 'recognised',
      }
      return { instances: [instance], problems: [] }
    }
  }
  return { instances: [], problems: [] }
}

/** python3.11 and libpython3.11.so hold the texts of other releases, but none of another that begins with 3.11. */
function agrees(name: string, base: string, version: string): boolean {
  const series = name === 'python' ? /[0-9]\.[0-9]+/.exec(base)?.[0] : undefined
  return series === undefined || version.startsWith(`${series}.`)
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
