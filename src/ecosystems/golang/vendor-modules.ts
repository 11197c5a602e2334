// Purpose:  list the modules whose packages lie in a Go program's vendor folder.
// Spec:     Go, `go mod vendor` (cmd/go/internal/modcmd): `# module version [=> replacement]`, then its packages.
// Input:    bytes of a vendor/modules.txt from an image; hostile.
// Deviates: a module of which no package follows is required but not vendored, and is left out.
// Unknowns: a module replaced by a folder is `(devel)`, which has no order.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'
import { declaredModules } from './declared-modules.ts'
import { replacementOf, type ModuleVersion } from './module-list.ts'

export const goVendorModules: Extractor = {
  id: 'go-vendor-modules',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) =>
    (path.endsWith('/vendor/modules.txt') || path === 'vendor/modules.txt') &&
    !/(?:^|\/)(?:pkg\/mod|testdata)\//.test(path),
  packageManager: 'GOMOD',
  extract: extractVendorModules,
}

const maxLines = 1_000_000

function extractVendorModules(path: string, bytes: Uint8Array): Extraction {
  const vendored: ModuleVersion[] = []
  let announced: ModuleVersion | undefined
  const lines = decodeText(bytes).split(/\r?\n/, maxLines + 1)
  for (const line of lines.slice(0, maxLines)) {
    if (line.startsWith('# ')) announced = moduleOf(line.slice(2).trim())
    else if (!line.startsWith('#') && line.trim() !== '' && announced !== undefined) {
      vendored.push(announced)
      announced = undefined
    }
  }
  const problems = lines.length > maxLines ? [{ path, reason: 'has more lines than are read' }] : []
  return { instances: declaredModules(path, vendored), problems }
}

function moduleOf(text: string): ModuleVersion | undefined {
  const words = text.split(/\s+/, 8)
  const arrow = words.indexOf('=>')
  const [name = '', version = ''] = arrow === -1 ? words : words.slice(0, arrow)
  const original = name === '' || version === '' ? undefined : { path: name, version }
  // A replacement of every version is listed without the replaced one's.
  return arrow === -1 ? original : replacementOf(words.slice(arrow + 1), original)
}
