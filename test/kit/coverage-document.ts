// Writes docs/coverage.md from the table of ecosystems and from the cases that are run against it.
import type { Ecosystem, Extractor } from '../../src/ecosystems/ecosystem.ts'
import { ecosystemOfAdvisory, ecosystems } from '../../src/ecosystems/table.ts'
import { ownCases, publicReadings } from './extractor-cases.ts'

/** As OSV names them, with a release where advisories are by release. */
const osvEcosystems = [
  'AlmaLinux:9',
  'Alpine:v3.20',
  'Alpaquita:stream',
  'Android',
  'Azure Linux:3',
  'BellSoft Hardened Containers:stream',
  'Bioconductor',
  'Bitnami',
  'Chainguard',
  'CleanStart',
  'ConanCenter',
  'CRAN',
  'crates.io',
  'Debian:12',
  'Docker Hardened Images',
  'Echo',
  'GHC',
  'GIT',
  'GitHub Actions',
  'Go',
  'Hackage',
  'Hex',
  'Julia',
  'Kubernetes',
  'Linux',
  'Mageia:9',
  'Maven',
  'MinimOS',
  'npm',
  'NuGet',
  'opam',
  'openEuler:24.03-LTS',
  'openSUSE:Leap 15.6',
  'OSS-Fuzz',
  'Packagist',
  'Photon OS:5.0',
  'Pub',
  'PyPI',
  'Red Hat:enterprise_linux:9::baseos',
  'Rocky Linux:9',
  'Root',
  'RubyGems',
  'SUSE:Linux Enterprise Server 15 SP6',
  'SwiftURL',
  'Ubuntu:24.04:LTS',
  'VSCode',
  'Wolfi',
] as const

const shownPaths = 3

export function coverageDocument(): string {
  const judged = osvEcosystems.map((name) => ({ name, owner: ecosystemOfAdvisory(name)?.type }))
  return [
    '# Coverage',
    '',
    'What a scan reads, and whose advisories it holds that against. Written by `npm run docs` from the table of extractors and from the cases that are run against each of them; a file that is named here is read in a test.',
    '',
    '## Packages',
    '',
    'Installed: the state that a package manager keeps. Declared: what a lock file promises, which counts where nothing is installed in its place. Recognised: a version that an executable tells, where no package of the system owns it.',
    '',
    '| packages (purl type) | extractor | reads, for example | as |',
    '|---|---|---|---|',
    ...ecosystems.flatMap(rowsOf),
    '',
    '## Advisories',
    '',
    'Records in OSV’s form are imported whatever they are about; those of other ecosystems than these are kept and speak of nothing.',
    '',
    '| ecosystem of the records | compared as versions of |',
    '|---|---|',
    ...judged.map(({ name, owner }) => `| ${name} | ${owner ?? 'not compared'} |`),
    '',
    'A package that no advisory can speak of is told as not judged, with the reason; an image whose system nobody speaks of is never shown as clean.',
    '',
  ].join('\n')
}

function rowsOf({ type, extractors }: Ecosystem): readonly string[] {
  return extractors.map((extractor) => {
    const paths = examplesOf(extractor).slice(0, shownPaths)
    const evidence = evidenceOf(extractor)
    return `| ${type} | ${extractor.id} | ${paths.map((path) => `\`${path}\``).join(', ')} | ${evidence.join(', ')} |`
  })
}

/** Paths of its cases, each once. */
export function examplesOf({ id }: Extractor): readonly string[] {
  const own = ownCases().filter(({ extractor }) => extractor === id)
  const others = [...publicReadings().values()].filter(({ extractor }) => extractor === id)
  return [...new Set([...own, ...others].map(({ path }) => path))]
}

function evidenceOf({ id }: Extractor): readonly string[] {
  const lines = ownCases()
    .filter(({ extractor }) => extractor === id)
    .flatMap(({ expected }) => expected.packages)
  const kinds = lines.map((line) => / (declared|recognised)(?:;|$)/.exec(line)?.[1] ?? 'installed')
  return lines.length === 0 ? [withoutPackages(id)] : [...new Set(kinds)].toSorted()
}

/** Whom files belong to, or what is doubtful about packages that another extractor lists. */
function withoutPackages(id: string): string {
  const isDoubt = ownCases().some(
    ({ extractor, expected: { problems = [] } }) => extractor === id && problems.length > 0,
  )
  return isDoubt ? 'doubts' : 'files of packages'
}
