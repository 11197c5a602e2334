// Purpose:  read the line by which rpm distributions named themselves before os-release.
// Spec:     none; the texts of the packages centos-release, oraclelinux-release, system-release, sles-release, photon-release …
// Input:    text of such a file; hostile.
// Deviates: SuSE-release says the version in lines of its own, with the service pack apart: 11 and 4 are 11.4, as in os-release.
// Unknowns: a name that stands in no row → undefined: `redhat-release` is written by many rebuilds.
import type { Distribution } from './ecosystem.ts'

interface ReleaseName {
  readonly id: string
  /** Its first group is the version as the distribution's os-release has it. */
  readonly line: RegExp
}

const names: readonly ReleaseName[] = [
  {
    id: 'rhel',
    line: /^Red Hat Enterprise Linux(?: [A-Z][A-Za-z]+)* release ([0-9]+(?:\.[0-9]+)?)/,
  },
  // The stream has no minor release; CentOS itself says the major one only, from 7 on.
  { id: 'centos', line: /^CentOS Stream release ([0-9]+)/ },
  { id: 'centos', line: /^CentOS(?: Linux)? release ([0-9]+)/ },
  { id: 'ol', line: /^Oracle Linux Server release ([0-9]+(?:\.[0-9]+)?)/ },
  { id: 'rocky', line: /^Rocky Linux release ([0-9]+(?:\.[0-9]+)?)/ },
  { id: 'almalinux', line: /^AlmaLinux release ([0-9]+(?:\.[0-9]+)?)/ },
  { id: 'fedora', line: /^Fedora release ([0-9]+)/ },
  { id: 'amzn', line: /^Amazon Linux AMI release (20[0-9]{2}\.[0-9]{2})/ },
  // AL2 is `2 (Karoo)`; of 2023.3.20240312 os-release keeps the year.
  { id: 'amzn', line: /^Amazon Linux release ([0-9]+)/ },
  { id: 'photon', line: /^VMware Photon(?: OS| Linux)? ([0-9]+\.[0-9]+)/ },
  { id: 'mariner', line: /^CBL-Mariner ([0-9]+\.[0-9]+)/ },
  { id: 'azurelinux', line: /^(?:Microsoft )?Azure Linux ([0-9]+\.[0-9]+)/ },
  { id: 'openEuler', line: /^openEuler release ([0-9]+\.[0-9]+)/ },
  { id: 'gentoo', line: /^Gentoo Base System release ([0-9]+(?:\.[0-9]+)*)/ },
  { id: 'sles', line: /^SUSE Linux Enterprise Server ([0-9]+)/ },
  { id: 'sled', line: /^SUSE Linux Enterprise Desktop ([0-9]+)/ },
  { id: 'opensuse', line: /^openSUSE ([0-9]+\.[0-9]+)/ },
]

const longestLine = 200

export function parseReleaseLine(text: string): Distribution | undefined {
  const [first = ''] = text.trimStart().split(/\r?\n/, 1)
  const line = first.trimEnd()
  if (line.length > longestLine) return undefined
  for (const { id, line: pattern } of names) {
    const [, version] = pattern.exec(line) ?? []
    if (version === undefined) continue
    const [, patchLevel] = /^PATCHLEVEL\s*=\s*([1-9][0-9]?)\s*$/m.exec(text) ?? []
    const isSuse = id === 'sles' || id === 'sled'
    const versionId = isSuse && patchLevel !== undefined ? `${version}.${patchLevel}` : version
    return { id: id.toLowerCase(), versionId, idLike: [], prettyName: line }
  }
  return undefined
}
