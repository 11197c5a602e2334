// Purpose:  list the applications that are compiled for Erlang: packages of Hex, and those of Erlang and Elixir themselves.
// Spec:     Erlang/OTP, app(4): `ebin/NAME.app` holds `{application, NAME, [{vsn, "1.0"}, …]}.`
// Input:    bytes of such a file from an image: an Erlang term, read by patterns and never run; hostile.
// Deviates: whatever is not a part of Erlang or Elixir counts as a package of Hex, the project's own application too.
// Unknowns: a file without a name or version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const erlangApplication: Extractor = {
  id: 'erlang-application',
  revision: 1,
  maxBytes: 4 * 1024 * 1024,
  // Elixir as it is installed is told by that very file as a program.
  wants: (path) =>
    /(?:^|\/)ebin\/[a-z][\w@]*\.app$/.test(path) && !path.endsWith('/elixir/ebin/elixir.app'),
  extract: extractApplication,
}

/** Not on Hex; packages there may be called alike and are others. */
const ownApplications = new Set(
  `
  asn1 common_test compiler crypto debugger dialyzer diameter edoc eldap erl_docgen erl_interface
  erts et eunit ftp inets jinterface kernel megaco mnesia observer odbc os_mon parsetools
  public_key reltool runtime_tools sasl snmp ssh ssl stdlib syntax_tools tftp tools wx xmerl
  eex elixir ex_unit iex logger mix
`
    .trim()
    .split(/\s+/),
)

const nameTerm = /\{\s{0,80}application\s{0,80},\s{0,80}'?([a-z][\w@]{0,200})'?\s{0,80},/
const versionTerm = /\{\s{0,80}vsn\s{0,80},\s{0,80}"([^"\\\n]{0,200})"\s{0,80}\}/
const needsTerm = /\{\s{0,80}applications\s{0,80},\s{0,80}\[([^\]]{0,20000})\]/

function extractApplication(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  const name = nameTerm.exec(text)?.[1]
  if (name === undefined) return unreadable(path, 'names no application')
  const needs = needsTerm.exec(text)?.[1]?.match(/[a-z][\w@]*/g) ?? []
  const type = ownApplications.has(name) ? 'otp' : 'hex'
  const list = startPackageList({ type, path, evidence: 'installed' })
  list.add({ name, version: versionTerm.exec(text)?.[1] ?? '', dependsOn: needs })
  return list.extraction()
}
