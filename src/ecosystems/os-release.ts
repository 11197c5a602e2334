// Purpose:  tell which distribution an image is made from.
// Spec:     os-release(5): shell-like assignments.
// Input:    bytes of etc/os-release or usr/lib/os-release from an image; hostile.
// Deviates: nothing is expanded: a value with `$` or a backquote stays as text.
// Unknowns: a file without an ID → undefined.
import type { Distribution } from './ecosystem.ts'
import { decodeText } from './rfc822.ts'

const maxLines = 1000

export function parseOsRelease(bytes: Uint8Array): Distribution | undefined {
  const values = new Map<string, string>()
  for (const line of decodeText(bytes).split(/\r?\n/, maxLines)) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)
    if (match !== null) values.set(match[1] ?? '', unquote((match[2] ?? '').trim()))
  }
  const id = values.get('ID')?.toLowerCase() ?? ''
  if (id === '') return undefined
  const versionId = values.get('VERSION_ID') ?? ''
  const codename = values.get('VERSION_CODENAME') ?? ''
  const prettyName = values.get('PRETTY_NAME') ?? ''
  return {
    id,
    idLike: (values.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== ''),
    ...(versionId === '' ? {} : { versionId }),
    ...(codename === '' ? {} : { codename }),
    ...(prettyName === '' ? {} : { prettyName }),
  }
}

/** Double quotes know backslash escapes, single quotes nothing. */
function unquote(text: string): string {
  const [first = ''] = text
  if (text.length < 2 || !text.endsWith(first)) return text
  if (first === "'") return text.slice(1, -1)
  return first === '"' ? text.slice(1, -1).replaceAll(/\\([\\"$`])/g, '$1') : text
}
