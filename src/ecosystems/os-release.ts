// Purpose:  tell which distribution an image is made from.
// Spec:     os-release(5): shell-like assignments.
// Input:    bytes of etc/os-release or usr/lib/os-release from an image; hostile.
// Deviates: nothing is expanded: a value with `$` or a backquote stays as text.
// Unknowns: a file without an ID → undefined.
import type { Distribution } from './ecosystem.ts'
import { decodeText } from './rfc822.ts'

const maxLines = 1000

/** The assignments of os-release and lsb-release; of a name given twice the last counts, as for a shell. */
export function parseAssignments(bytes: Uint8Array): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of decodeText(bytes).split(/\r?\n/, maxLines)) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)
    if (match !== null) values.set(match[1] ?? '', unquote((match[2] ?? '').trim()))
  }
  return values
}

export function parseOsRelease(bytes: Uint8Array): Distribution | undefined {
  const values = parseAssignments(bytes)
  const id = values.get('ID')?.toLowerCase() ?? ''
  if (id === '') return undefined
  const idLike = (values.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== '')
  return {
    id,
    idLike,
    ...member(values, 'VERSION_ID', 'versionId'),
    ...member(values, 'VERSION_CODENAME', 'codename'),
    ...member(values, 'PRETTY_NAME', 'prettyName'),
  }
}

/** An empty value says nothing: the member is then absent. */
function member<Name extends string>(
  values: ReadonlyMap<string, string>,
  key: string,
  name: Name,
): { readonly [key in Name]?: string } {
  const value = values.get(key) ?? ''
  const absent: { readonly [key in Name]?: string } = {}
  return value === '' ? absent : { ...absent, [name]: value }
}

/** Double quotes know backslash escapes, single quotes nothing. */
function unquote(text: string): string {
  const [first = ''] = text
  if (text.length < 2 || !text.endsWith(first)) return text
  if (first === "'") return text.slice(1, -1)
  return first === '"' ? text.slice(1, -1).replaceAll(/\\([\\"$`])/g, '$1') : text
}
