// Purpose:  tell packages of other builders from those of the distribution.
// Spec:     none: dpkg keeps no origin; the builders' own repositories, by the Maintainer and the version that they write.
// Input:    a package of dpkg's status file.
// Deviates: nothing.
// Unknowns: a builder that stands in no row is taken for the distribution: people of all companies maintain packages in
//           Debian, so that an address that nobody knows says nothing.
import type { Package } from '../ecosystem.ts'

interface BuilderRow {
  readonly builder: string
  /** Of the whole Maintainer field. */
  readonly maintainer?: RegExp
  /** Of the version: what the distributions themselves never write. */
  readonly version?: RegExp
}

/**
 * A row for each builder whose repository people add to their images. The Maintainer is used where it is the builder's
 * own; rebuilds that keep the distribution's Maintainer (PGDG, deb.sury.org) are told by their version.
 */
const rows: readonly BuilderRow[] = [
  { builder: 'Amazon Corretto', maintainer: /corretto-team@amazon\.com>/ },
  { builder: 'Azul', maintainer: /@azul(?:systems)?\.com>/ },
  { builder: 'ClickHouse', maintainer: /@clickhouse\.com>/ },
  { builder: 'Datadog', maintainer: /@datadoghq\.com>/ },
  {
    builder: 'deb.sury.org',
    version: /[+~]deb\.sury\.org\+[0-9]|\+0~20[0-9]{6}\.[0-9]+\+debian[0-9]+~/,
  },
  { builder: 'Docker', maintainer: /@docker\.com>|<help@containerd\.io>/ },
  { builder: 'Eclipse Adoptium', maintainer: /<temurin-dev@eclipse\.org>/ },
  { builder: 'Elastic', maintainer: /@elastic\.co>/ },
  { builder: 'GitHub', maintainer: /@github\.com>|^GitHub$/ },
  { builder: 'GitLab', maintainer: /<support@gitlab\.com>/ },
  { builder: 'Google Cloud', maintainer: /^Google Cloud (?:CLI|SDK) Authors/ },
  { builder: 'Google Chrome', maintainer: /^Chrome Linux Team/ },
  { builder: 'Grafana Labs', maintainer: /@grafana\.com>/ },
  { builder: 'HashiCorp', maintainer: /@hashicorp\.com>|^HashiCorp/ },
  { builder: 'InfluxData', maintainer: /@influx(?:data|db)\.com>/ },
  { builder: 'Intel', maintainer: /^Intel Corporation/ },
  { builder: 'Kubernetes', maintainer: /^Kubernetes Authors/ },
  // apt.llvm.org: 1:17.0.6~++20231208085846+6009708b4367-1~exp1~20231208085949.74
  { builder: 'LLVM', version: /~\+\+20[0-9]{12}\+/ },
  { builder: 'MariaDB', version: /\+maria~/ },
  { builder: 'Microsoft', maintainer: /@microsoft\.com>|@dotnetfoundation\.org>|^Microsoft/ },
  { builder: 'MongoDB', maintainer: /@mongodb\.com>/ },
  { builder: 'MySQL', maintainer: /<mysql-build@oss\.oracle\.com>/ },
  { builder: 'nginx', maintainer: /@nginx\.com>|<nginx-packaging@f5\.com>/ },
  { builder: 'NodeSource', maintainer: /@nodesource\.com>/, version: /-[0-9]+nodesource[0-9]+/ },
  { builder: 'NVIDIA', maintainer: /<cudatools@nvidia\.com>|^NVIDIA CORPORATION/ },
  { builder: 'Percona', maintainer: /@percona\.com>/ },
  { builder: 'PostgreSQL (PGDG)', version: /\.pgdg[0-9]+\+[0-9]|~[0-9]+\.git[0-9a-f]+.*pgdg/ },
  { builder: 'Puppet', maintainer: /@puppet(?:labs)?\.com>/ },
  { builder: 'Raspberry Pi', version: /\+rpt[0-9]+|\+rpi[0-9]+/ },
  { builder: 'Timescale', maintainer: /@timescale\.com>/ },
  { builder: 'Yarn', maintainer: /^Yarn Developers/ },
]

/** Who built the package, when it is known not to be the distribution; undefined for its own. */
export function builderOf({
  vendor = '',
  version,
}: Pick<Package, 'vendor' | 'version'>): string | undefined {
  const row = rows.find(
    (candidate) =>
      candidate.maintainer?.test(vendor) === true || candidate.version?.test(version) === true,
  )
  return row?.builder
}
