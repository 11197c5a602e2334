// Purpose:  list the gems that RubyGems installed.
// Spec:     RubyGems, Gem::Specification#to_ruby: specifications/NAME-VERSION[-PLATFORM].gemspec, also of default gems.
// Input:    bytes of a gemspec from an image: Ruby code, read by patterns and never run; hostile.
// Deviates: nothing.
// Unknowns: a name or version that is no literal, here or in the stub line, is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const gemSpecification: Extractor = {
  id: 'gem-specification',
  revision: 1,
  maxBytes: 2 * 1024 * 1024,
  packageManager: 'GEMSPEC',
  wants: (path) => /(?:^|\/)specifications\/(?:default\/)?[^/]+\.gemspec$/.test(path),
  extract: extractSpecification,
}

/** `# stub: nokogiri 1.15.4 x86_64-linux lib`: what RubyGems itself reads to save running the code. */
const stubLine = /^# stub: (\S+) (\S+) (\S+) /m
const platformLine = /^[ \t]*\w+\.platform[ \t]*=[ \t]*"([^"\n]+)"/m
const licenseLine = /^[ \t]*\w+\.licenses?[ \t]*=[ \t]*(\[[^\]\n]*\]|["'][^"'\n]*["'])/m
const dependency =
  /\.add_((?:runtime_|development_)?)dependency[ \t]*\(?[ \t]*(?:%q<([^>\n]+)>|["']([^"'\n]+)["'])/g

function extractSpecification(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  const [, stubName, stubVersion, stubPlatform = 'ruby'] = stubLine.exec(text) ?? []
  const name = literalOf(text, 'name') ?? stubName
  const version = literalOf(text, 'version') ?? stubVersion
  if (name === undefined) return unreadable(path, 'tells no name as a literal')
  if (version === undefined) return unreadable(path, 'tells no version as a literal')
  const platform = platformLine.exec(text)?.[1] ?? stubPlatform
  const list = startPackageList({ type: 'gem', path, evidence: 'installed' })
  list.add({
    name,
    version,
    ...(platform !== 'ruby' && { architecture: platform }),
    licenses: licensesOf(text),
    dependsOn: needsOf(text),
  })
  return list.extraction()
}

function licensesOf(text: string): readonly string[] {
  const quoted = licenseLine.exec(text)?.[1]?.matchAll(/["']([^"']+)["']/g) ?? []
  return [...quoted].map(([, license = '']) => license)
}

/** For RubyGems of long ago a gemspec says everything again by `add_dependency`, also what is for development. */
function needsOf(text: string): readonly string[] {
  const named = (kind: string): readonly string[] =>
    [...text.matchAll(dependency)]
      .filter(([, found]) => found === kind)
      .map(([, , quoted, plain]) => quoted ?? plain ?? '')
  const development = new Set(named('development_'))
  const runtime = new Set(named('runtime_'))
  return [...runtime, ...named('').filter((name) => !runtime.has(name) && !development.has(name))]
}

/** `s.name = "x".freeze`, `s.version = Gem::Version.new("1")`, or a constant that the same file sets to a literal. */
function literalOf(text: string, member: 'name' | 'version'): string | undefined {
  const assigned = new RegExp(
    `^[ \\t]*\\w+\\.${member}[ \\t]*=[ \\t]*(?:Gem::Version\\.new\\([ \\t]*)?(?:["']([^"'\\n#]+)["']|([A-Z]\\w*)[ \\t]*$)`,
    'm',
  ).exec(text)
  const [, literal, constant] = assigned ?? []
  if (constant === undefined) return literal
  return new RegExp(`^[ \\t]*${constant}[ \\t]*=[ \\t]*["']([^"'\\n#]+)["']`, 'm').exec(text)?.[1]
}
