// Purpose:  list the packages that a lock file of rebar3 promises.
// Spec:     rebar3, rebar.lock: Erlang terms `{<<"key">>,{pkg,<<"name">>,<<"version">>},level}`.
// Input:    bytes of a rebar.lock from an image: Erlang terms, read by patterns and never run; hostile.
// Deviates: nothing.
// Unknowns: a package at a commit has no version: a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { decodeText } from '../rfc822.ts'

export const rebarLock: Extractor = {
  id: 'hex-rebar-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['rebar.lock']),
  extract: extractLock,
}

const packageTerm = /\{pkg,\s{0,80}<<"([^"]*)">>,\s{0,80}<<"([^"]*)">>/g
const commitTerm = /\{<<"([^"]*)">>,\s{0,80}\{(?:git|hg|git_subdir),/g

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  if (!/^\s*(?:%[^\n]*\n\s*)*[{[]/.test(text))
    return unreadable(path, 'is not a lock file of rebar3')
  const list = startPackageList({ type: 'hex', path, evidence: 'declared' })
  for (const [, name = '', version = ''] of text.matchAll(packageTerm)) list.add({ name, version })
  for (const [, name = ''] of text.matchAll(commitTerm)) {
    list.problem(`${quote(name)} is at a commit, which no advisory speaks of`)
  }
  return list.extraction()
}
