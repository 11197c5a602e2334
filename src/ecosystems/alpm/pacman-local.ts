// Purpose:  list the packages that pacman installed.
// Spec:     libalpm's local database: a folder for each package, with `desc`: %NAME% blocks, a value a line.
// Input:    bytes of var/lib/pacman/local/NAME-VERSION/desc from an image; hostile.
// Deviates: needs are named as the file has them, since what meets them stands in other files.
// Unknowns: a file without %NAME% or %VERSION% is a problem, never dropped in silence.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { readBlocks } from './blocks.ts'

const descFile = /^var\/lib\/pacman\/local\/[^/]+\/desc$/
const maxNeeds = 5000

export const pacmanLocal: Extractor = {
  id: 'pacman-local',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => descFile.test(path),
  extract: extractDesc,
}

function extractDesc(path: string, bytes: Uint8Array): Extraction {
  const blocks = readBlocks(bytes)
  const first = (key: string): string => blocks.get(key)?.[0] ?? ''
  const [name, version] = [first('NAME'), first('VERSION')]
  if (name === '' || version === '') {
    const missing = [name === '' ? '%NAME%' : '', version === '' ? '%VERSION%' : '']
    const reason = `has no ${missing.filter((key) => key !== '').join(' and no ')}`
    return { instances: [], problems: [{ path, reason }] }
  }
  const [architecture, base, vendor] = [first('ARCH'), first('BASE'), first('PACKAGER')]
  const licenses = blocks.get('LICENSE') ?? []
  const dependsOn = needsOf(blocks.get('DEPENDS') ?? [])
  return {
    instances: [
      {
        package: {
          type: 'alpm',
          name,
          version,
          ...(architecture !== '' && { architecture }),
          source: { name: base === '' ? name : base, version },
          ...(vendor !== '' && { vendor }),
        },
        path,
        evidence: 'installed',
        ...(licenses.length > 0 && { licenses }),
        ...(dependsOn.length > 0 && { dependsOn }),
      },
    ],
    problems: [],
  }
}

/** `glibc>=2.38` → glibc; a library (`libcurl.so=4-64`) is the name of no package. */
function needsOf(lines: readonly string[]): readonly string[] {
  const names = lines.slice(0, maxNeeds).flatMap((line) => {
    const [name] = /^[^<>=\s]+/.exec(line) ?? []
    return name === undefined || name.endsWith('.so') ? [] : [name]
  })
  return [...new Set(names)]
}
