// Purpose:  list the OCaml packages that opam installed.
// Spec:     opam 2, SWITCH/.opam-switch/switch-state: `installed: ["name.version" …]`.
// Input:    bytes of such a file from an image; hostile.
// Deviates: packages of the base of a compiler have the version `base`, and are part of it.
// Unknowns: an entry without a version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const opamSwitchState: Extractor = {
  id: 'opam-switch-state',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => /(?:^|\/)\.opam-switch\/switch-state$/.test(path),
  extract: extractState,
}

function extractState(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  // The first list is taken also where it has no end, so that nothing is looked through for it twice.
  const installed = /^installed:\s*(?:\[([^\]]*)(\]?)|("[^"\n]*"))/m.exec(text)
  if (installed === null || installed[2] === '')
    return unreadable(path, 'has no list of what is installed')
  const list = startPackageList({ type: 'opam', path, evidence: 'installed' })
  for (const [, entry = ''] of (installed[1] ?? installed[3] ?? '').matchAll(/"([^"]*)"/g)) {
    const dot = entry.indexOf('.')
    if (dot <= 0) list.problem(`${quote(entry)} has no version`)
    else if (entry.slice(dot + 1) !== 'base') {
      list.add({ name: entry.slice(0, dot), version: entry.slice(dot + 1) })
    }
  }
  return list.extraction()
}
