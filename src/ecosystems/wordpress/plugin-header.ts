// Purpose:  list the WordPress plugins that are in wp-content.
// Spec:     WordPress, "Header Requirements" of plugins: `Plugin Name` and `Version` in the first 8 KiB of a PHP file.
// Input:    bytes of wp-content/plugins/NAME/FILE.php from an image; hostile.
// Deviates: the name of a plugin is that of its folder, as in WordPress's directory of plugins; its header is a title.
// Unknowns: a plugin without a version is a problem; a PHP file without a header is none of a plugin's.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const wordpressPlugin: Extractor = {
  id: 'wordpress-plugin',
  revision: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => /(?:^|\/)wp-content\/plugins\/[^/]+\/[^/]+\.php$/.test(path),
  extract: extractHeader,
}

const headerBytes = 8 * 1024

function extractHeader(path: string, bytes: Uint8Array): Extraction {
  const head = decodeText(bytes.subarray(0, headerBytes))
  const [folder = ''] = path.split('/').slice(-2)
  const list = startPackageList({ type: 'wordpress', path, evidence: 'installed' })
  if (fieldOf(head, 'Plugin Name') === undefined) return list.extraction()
  list.add({ name: folder, version: fieldOf(head, 'Version') ?? '' })
  return list.extraction()
}

function fieldOf(head: string, field: string): string | undefined {
  const value = new RegExp(`^(?:[ \\t]*<\\?php)?[ \\t/*#@]*${field}:([^\\n]*)$`, 'im').exec(
    head,
  )?.[1]
  const text = value?.replace(/\s*(?:\*\/|\?>).*$/, '').trim()
  return text === '' ? undefined : text
}
