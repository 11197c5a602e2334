// Purpose:  say which advisories speak about the packages of an rpm distribution, and by which names.
// Spec:     OSV, "Defined ecosystems" and what each publisher writes after the colon; os-release(5).
// Input:    what an image's os-release says; hostile.
// Deviates: Amazon Linux, Oracle Linux and Fedora publish no OSV: their names here are ours, for records made of their feeds.
// Unknowns: a distribution that is not in the table, or a release that has no advisories, has the reason; likeness (ID_LIKE) counts for nothing.
import type { Distribution } from '../ecosystem.ts'

export interface AdvisorySource {
  readonly kind: 'known'
  /** OSV's ecosystem strings; any of them may have the record. */
  readonly ecosystems: readonly string[]
  /** Whether records name binary packages, source packages, or now one and now the other. */
  readonly names: 'binary' | 'source' | 'both'
  /** Records leave epochs out, or write 0 for all. */
  readonly hasNoEpochs?: true
  /**
   * Who builds the distribution's packages: how rpm's Vendor begins. Build services (Copr, OBS) and products of the same
   * company (MySQL's repository) have the name somewhere in theirs.
   */
  readonly vendor: RegExp
}

export type SourceReading = AdvisorySource | { readonly kind: 'unknown'; readonly reason: string }

interface Row extends Omit<AdvisorySource, 'kind' | 'ecosystems'> {
  /** None for a release that nobody writes advisories for. */
  readonly ecosystems: (release: Release) => readonly string[]
}

interface Release {
  /** `9` of 9.4. */
  readonly major: string
  readonly versionId: string
  /** `(LTS-SP3)` of openEuler's name. */
  readonly edition: string
}

const suse: Pick<Row, 'names' | 'vendor'> = { names: 'source', vendor: /^(?:open)?suse/i }

const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['almalinux', rowOf('AlmaLinux', 'binary', /^(?:alma ?linux|cloudlinux)/i)],
  ['rocky', rowOf('Rocky Linux', 'both', /^rocky/i)],
  ['rhel', { names: 'both', vendor: /^red ?hat/i, ecosystems: redHatEcosystems }],
  ['ol', rowOf('Oracle Linux', 'binary', /^oracle america/i)],
  ['amzn', { names: 'binary', vendor: /^amazon(?: linux|\.com)/i, ecosystems: amazonEcosystems }],
  ['fedora', rowOf('Fedora', 'binary', /^fedora project/i)],
  ['mageia', rowOf('Mageia', 'source', /^mageia/i)],
  ['azurelinux', { ...rowOf('Azure Linux', 'source', /^microsoft/i), hasNoEpochs: true }],
  ['mariner', { ...rowOf('Azure Linux', 'source', /^microsoft/i), hasNoEpochs: true }],
  [
    'photon',
    {
      names: 'both',
      vendor: /^(?:vmware|broadcom)/i,
      ecosystems: ({ versionId }) => [`Photon OS:${versionId}`],
    },
  ],
  [
    'openeuler',
    {
      names: 'both',
      vendor: /openeuler/i,
      ecosystems: ({ versionId, edition }) =>
        edition === '' ? [] : [`openEuler:${versionId}-${edition}`],
    },
  ],
  ['sles', { ...suse, ecosystems: (release) => enterpriseEcosystems('Server', release) }],
  ['sled', { ...suse, ecosystems: (release) => enterpriseEcosystems('Desktop', release) }],
  ['sle-micro', { ...suse, ecosystems: microEcosystems }],
  ['sle-micro-rancher', { ...suse, ecosystems: microEcosystems }],
  ['suse-microos', { ...suse, ecosystems: microEcosystems }],
  ['sl-micro', { ...suse, ecosystems: ({ versionId }) => [`SUSE:Linux Micro ${versionId}`] }],
  ['opensuse-leap', { ...suse, ecosystems: ({ versionId }) => [`openSUSE:Leap ${versionId}`] }],
  [
    'opensuse-leap-micro',
    { ...suse, ecosystems: ({ versionId }) => [`openSUSE:Leap Micro ${versionId}`] },
  ],
  ['opensuse-tumbleweed', { ...suse, ecosystems: () => ['openSUSE:Tumbleweed'] }],
])

function rowOf(prefix: string, names: AdvisorySource['names'], vendor: RegExp): Row {
  return { names, vendor, ecosystems: ({ major }) => [`${prefix}:${major}`] }
}

/** Distributions that are known to have nobody who writes about their packages. */
const silent: ReadonlyMap<string, string> = new Map([
  ['centos', 'CentOS publishes no advisories, and those of Red Hat are for other builds'],
])

const prefixes =
  /^(?:AlmaLinux|Amazon Linux|Azure Linux|Fedora|Mageia|openEuler|openSUSE|Oracle Linux|Photon OS|Red Hat|Rocky Linux|SUSE)(?::|$)/

/** Whether records of this OSV ecosystem string speak of rpm packages. */
export function ownsRpmAdvisories(ecosystem: string): boolean {
  return prefixes.test(ecosystem)
}

export function findAdvisorySource(distribution: Distribution | undefined): SourceReading {
  if (distribution === undefined) return unknown('the image does not say which distribution it is')
  const { id, versionId = '' } = distribution
  const row = rows.get(id)
  const why = silent.get(id)
  if (why !== undefined) return unknown(why)
  const release = readRelease(distribution)
  const ecosystems = release === undefined ? [] : (row?.ecosystems(release) ?? [])
  if (row === undefined || ecosystems.length === 0)
    return unknown(`no advisories are known for ${id} ${versionId}`.trim())
  const { names, vendor, hasNoEpochs } = row
  return { kind: 'known', ecosystems, names, vendor, ...(hasNoEpochs && { hasNoEpochs }) }
}

/** Rolling releases have a date, which their advisories do not care for. */
function readRelease({ versionId = '', prettyName = '' }: Distribution): Release | undefined {
  const major = /^([0-9]{1,8})(?:\.[0-9]+)*$/.exec(versionId)?.[1]
  const edition = /\(([A-Z0-9-]{1,32})\)/.exec(prettyName)?.[1] ?? ''
  return major === undefined ? undefined : { major, versionId, edition }
}

/**
 * What a subscription without extensions has, by the CPEs that Red Hat's OSV records name; minor releases are named from
 * 10 on. Records made of its VEX documents have the release alone: what is not mended yet is in no repository.
 */
function redHatEcosystems({ major }: Release): readonly string[] {
  const product = `Red Hat:enterprise_linux:${major}`
  if (Number(major) < 8) return [product, `${product}::server`]
  const repositories = ['baseos', 'appstream', 'crb'].map((name) => `${product}::${name}`)
  if (Number(major) < 10) return [product, ...repositories]
  return [
    product,
    ...repositories,
    ...Array.from({ length: 11 }, (_, minor) => `${product}.${minor}`),
  ]
}

/** The first Amazon Linux counted by months: 2018.03. */
function amazonEcosystems({ versionId }: Release): readonly string[] {
  return [`Amazon Linux:${/^201[0-9]\./.test(versionId) ? '1' : versionId}`]
}

const modules = [
  'Basesystem',
  'Certifications',
  'Containers',
  'Desktop Applications',
  'Development Tools',
  'Legacy',
  'Public Cloud',
  'Python 3',
  'Server Applications',
  'Web and Scripting',
]

/** SLE 15 spreads its packages over modules; `15.5` is called 15 SP5. Updates after the general support are LTSS. */
function enterpriseEcosystems(product: string, { major, versionId }: Release): readonly string[] {
  const minor = versionId.split('.')[1] ?? ''
  if (Number(major) >= 16) return [`SUSE:Linux Enterprise ${product} ${versionId}`]
  const release = minor === '' || minor === '0' ? major : `${major} SP${minor}`
  const own = `SUSE:Linux Enterprise ${product} ${release}`
  const systems = product === 'Server' ? [own, `${own}-LTSS`] : [own]
  if (major !== '15') return systems
  const named = modules.map((name) => `SUSE:Linux Enterprise Module for ${name} ${release}`)
  return [...named, ...systems]
}

function microEcosystems({ versionId }: Release): readonly string[] {
  return [`SUSE:Linux Enterprise Micro ${versionId}`]
}

function unknown(reason: string): SourceReading {
  return { kind: 'unknown', reason }
}
