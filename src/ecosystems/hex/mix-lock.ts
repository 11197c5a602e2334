// Purpose:  list the packages that a lock file of Mix promises.
// Spec:     Elixir, mix.lock: a map of names to `{:hex, :name, "version", …}` or `{:git, "url", "commit", …}`.
// Input:    bytes of a mix.lock from an image: an Elixir term, read by patterns and never run; hostile.
// Deviates: what comes from a path is the project's own code and not in the file; the file does not tell what is for development.
// Unknowns: a package at a commit has no version: a problem; so is a line of another form.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { decodeText } from '../rfc822.ts'

export const mixLock: Extractor = {
  id: 'hex-mix-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['mix.lock']),
  extract: extractLock,
}

const entryLine = /^\s*"([^"]+)":\s*\{:(\w+),\s*(|\S.*)$/
const hexRest = /^:(?:"([^"]+)"|(\w+)),\s*"([^"]*)"/
const need = /\{:(?:"([^"]+)"|(\w+)), (?:"[^"]*"|nil), \[hex: :(?:"([^"]+)"|(\w+))/g

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  if (!/^\s*(?:#[^\n]*\n\s*)*%\{/.test(text)) return unreadable(path, 'is not a lock file of Mix')
  const list = startPackageList({ type: 'hex', path, evidence: 'declared' })
  for (const line of text.split('\n')) {
    const content = line.trim()
    if (content === '' || content === '%{' || content === '}' || content === '%{}') continue
    if (!content.startsWith('#')) readLine(content, list)
  }
  return list.extraction()
}

function readLine(line: string, list: PackageList): void {
  const [, key = '', source, rest = ''] = entryLine.exec(line) ?? []
  const [, quoted, plain, version = ''] = source === 'hex' ? (hexRest.exec(rest) ?? []) : []
  const name = quoted ?? plain
  if (source === 'git') list.problem(`${quote(key)} is at a commit, which no advisory speaks of`)
  else if (name === undefined) list.problem(`${quote(line)} is no entry of a lock file of Mix`)
  else {
    const needs = [...rest.matchAll(need)].map(([, , , other, word]) => other ?? word ?? '')
    list.add({ name, version, dependsOn: needs })
  }
}
