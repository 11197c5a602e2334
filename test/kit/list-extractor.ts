// Extractors of tests: a file is a list of `name version` lines, whatever its format is elsewhere.
import type { Distribution, Extractor, PackageInstance } from '../../src/ecosystems/ecosystem.ts'

export function listExtractor(
  id: string,
  pattern: RegExp,
  options: { readonly type?: string; readonly maxBytes?: number } = {},
): Extractor {
  return {
    id,
    revision: 1,
    maxBytes: options.maxBytes ?? 1024 * 1024,
    wants: (path) => pattern.test(path),
    extract(path, bytes) {
      const instances: PackageInstance[] = []
      for (const line of new TextDecoder().decode(bytes).split('\n')) {
        const [name = '', version = ''] = line.split(' ')
        const found = { type: options.type ?? 'generic', name, version }
        if (version !== '') instances.push({ package: found, path, evidence: 'installed' })
      }
      return { instances, problems: [] }
    },
  }
}

/** `ID=debian` and nothing else. */
export function parseTestOsRelease(bytes: Uint8Array): Distribution | undefined {
  const id = /^ID=(\w+)$/m.exec(new TextDecoder().decode(bytes))?.[1]
  return id === undefined ? undefined : { id, idLike: [] }
}
