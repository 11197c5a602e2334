// Where operating systems keep the list of what is installed, and which kind of list each one has.
import type { Distribution } from '../../ecosystems/ecosystem.ts'

export type DatabaseKind = 'dpkg' | 'apk' | 'rpm' | 'opkg' | 'pacman' | 'portage' | 'bottlerocket'

/** A journal in use has packages that the database beside it has not. */
const rpmNames = [
  'Packages',
  'Packages.db',
  'rpmdb.sqlite',
  'rpmdb.sqlite-wal',
  'rpmdb.sqlite-journal',
]

const fixedPaths: ReadonlyMap<string, DatabaseKind> = new Map([
  ['var/lib/dpkg/status', 'dpkg'],
  // Debian packages too, cut to what an image needs.
  ['var/lib/chisel/manifest.wall', 'dpkg'],
  ['usr/share/bottlerocket/application-inventory.json', 'bottlerocket'],
  ['lib/apk/db/installed', 'apk'],
  ['usr/lib/apk/db/installed', 'apk'],
  ...rpmFiles('var/lib/rpm'),
  ...rpmFiles('usr/lib/sysimage/rpm'),
  ...rpmFiles('usr/share/rpm'),
  ['var/lib/rpmmanifest/container-manifest-2', 'rpm'],
  ['usr/lib/opkg/status', 'opkg'],
  ['var/lib/opkg/status', 'opkg'],
] as const)

/** Paths of databases that are one file: those that a link could move elsewhere unseen. */
export const databasePaths: readonly string[] = [...fixedPaths.keys()]

function rpmFiles(folder: string): readonly (readonly [string, 'rpm'])[] {
  return rpmNames.map((name) => [`${folder}/${name}`, 'rpm'])
}

const manyFiles: readonly { readonly pattern: RegExp; readonly kind: DatabaseKind }[] = [
  // Distroless: a stanza a file, with lists of checksums beside them.
  {
    pattern:
      /^var\/lib\/dpkg\/status\.d\/[^/]+(?<!\.md5sums|\.preinst|\.postinst|\.prerm|\.postrm|\.conffiles|\.list|\.shlibs|\.symbols|\.triggers)$/,
    kind: 'dpkg',
  },
  { pattern: /^var\/lib\/pacman\/local\/[^/]+\/desc$/, kind: 'pacman' },
  { pattern: /^var\/db\/pkg\/[^/]+\/[^/]+\/PF$/, kind: 'portage' },
]

/** The kind of package database a file at this path belongs to; undefined for any other file. */
export function databaseKindOf(path: string): DatabaseKind | undefined {
  const fixed = fixedPaths.get(path)
  if (fixed !== undefined || !path.startsWith('var/')) return fixed
  return manyFiles.find(({ pattern }) => pattern.test(path))?.kind
}

/** OpenWrt is not here: up to 24.10 it keeps opkg's database, and then apk's. */
const kindsByDistribution: ReadonlyMap<string, DatabaseKind> = new Map([
  ...['debian', 'ubuntu', 'raspbian', 'linuxmint', 'kali', 'devuan', 'pureos', 'echo'].map(dpkg),
  ...['alpine', 'wolfi', 'chainguard', 'postmarketos', 'minimos'].map(apk),
  ...['rhel', 'centos', 'fedora', 'rocky', 'almalinux', 'ol', 'amzn', 'sles', 'suse'].map(rpm),
  ...['opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sled', 'sle-micro', 'sl-micro'].map(rpm),
  ...['opensuse-leap-micro', 'suse-microos', 'sle-micro-rancher', 'mageia', 'hummingbird'].map(rpm),
  ...['mariner', 'azurelinux', 'photon', 'openeuler', 'cloudlinux'].map(rpm),
  ['bottlerocket', 'bottlerocket'],
  ['arch', 'pacman'],
  ['manjaro', 'pacman'],
  ['gentoo', 'portage'],
] as const)

function dpkg(id: string): readonly [string, DatabaseKind] {
  return [id, 'dpkg']
}

function apk(id: string): readonly [string, DatabaseKind] {
  return [id, 'apk']
}

function rpm(id: string): readonly [string, DatabaseKind] {
  return [id, 'rpm']
}

/** The kind a distribution keeps, by its id and then by those it is like; undefined when none is known. */
export function databaseKindOfDistribution(distribution: Distribution): DatabaseKind | undefined {
  for (const id of [distribution.id, ...distribution.idLike]) {
    const kind = kindsByDistribution.get(id)
    if (kind !== undefined) return kind
  }
  return undefined
}
