// Purpose:  recognise runtimes and programs by a small file that tells their version and nothing else does.
// Spec:     Erlang/OTP, "OTP versions" (OTP_VERSION); application(3erl) resource files; Mozilla's application.ini.
// Input:    bytes of such a file; hostile.
// Deviates: nothing.
// Unknowns: a file in such a place that holds no version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'

interface KnownFile {
  readonly name: string
  readonly path: RegExp
  readonly pattern: RegExp
}

const knownFiles: readonly KnownFile[] = [
  {
    name: 'elixir',
    path: /(?:^|\/)lib\/elixir\/ebin\/elixir\.app$/,
    pattern: /\{vsn,\s*"([0-9]+\.[0-9]+\.[0-9]+(?:-[\w.]+)?)"\}/,
  },
  {
    name: 'erlang',
    path: /(?:^|\/)releases\/[0-9]+\/OTP_VERSION$/,
    pattern: /^([0-9]+\.[0-9]+(?:\.[0-9]+)*(?:-rc[0-9]+)?)\s*$/,
  },
  {
    name: 'firefox',
    path: /(?:^|\/)firefox(?:-esr)?\/application\.ini$/,
    pattern: /^Name=Firefox$[^[]{0,1000}?^Version=([0-9]+(?:\.[0-9]+)*)$/m,
  },
]

export const knownFile: Extractor = {
  id: 'known-file',
  revision: 1,
  maxBytes: 256 * 1024,
  wants: (path) => knownFiles.some((known) => known.path.test(path)),
  extract: extractKnownFile,
}

function extractKnownFile(path: string, bytes: Uint8Array): Extraction {
  const known = knownFiles.find((row) => row.path.test(path))
  const version = known?.pattern.exec(decodeText(bytes))?.[1]
  if (known === undefined || version === undefined)
    return { instances: [], problems: [{ path, reason: 'does not tell a version' }] }
  const found = { type: 'generic', name: known.name, version }
  return { instances: [{ package: found, path, evidence: 'recognised' }], problems: [] }
}
