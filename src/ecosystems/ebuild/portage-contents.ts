// Purpose:  tell which files the packages of portage brought.
// Spec:     portage's installed database, CONTENTS: `obj PATH MD5 MTIME`, `sym PATH -> TARGET MTIME`, `dir PATH`.
// Input:    path and bytes of var/db/pkg/CATEGORY/NAME-VERSION/CONTENTS from an image; hostile.
// Deviates: nothing.
// Unknowns: a line of another form is passed over; a folder that names no package owns nothing.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { decodeText } from '../rfc822.ts'
import { splitPf } from './portage-package.ts'

const contentsFile = /^var\/db\/pkg\/([A-Za-z0-9_][A-Za-z0-9+_.-]*)\/([^/]+)\/CONTENTS$/
const maxLines = 2_000_000

export const portageContents: Extractor = {
  id: 'portage-contents',
  revision: 1,
  maxBytes: 128 * 1024 * 1024,
  wants: (path) => contentsFile.test(path),
  extract: extractContents,
}

function extractContents(path: string, bytes: Uint8Array): Extraction {
  const [, category, folder = ''] = contentsFile.exec(path) ?? []
  const found = splitPf(folder)
  if (category === undefined || found === undefined) return { instances: [], problems: [] }
  const lines = decodeText(bytes).split('\n', maxLines + 1)
  const paths = lines.slice(0, maxLines).flatMap((line) => pathOf(line) ?? [])
  const problems =
    lines.length > maxLines ? [{ path, reason: `lists more than ${maxLines} files` }] : []
  return { instances: [], problems, owned: [{ owner: `${category}/${found.name}`, paths }] }
}

function pathOf(line: string): string | undefined {
  if (line.startsWith('obj /')) {
    // Paths may have spaces: checksum and time are the last two words.
    const [, path = ''] = /^obj (.+) [0-9a-f]+ [0-9]+$/.exec(line) ?? []
    return ownedPath(path)
  }
  if (!line.startsWith('sym /')) return undefined
  const arrow = line.indexOf(' -> ')
  return arrow === -1 ? undefined : ownedPath(line.slice(4, arrow))
}
