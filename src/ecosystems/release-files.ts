// Purpose:  tell which distribution an image is made from, by the files in which distributions say so.
// Spec:     os-release(5); for the older files the packages that ship them (alpine-release, centos-release, lsb-release …).
// Input:    path and bytes of one of the files below, from an image; hostile.
// Deviates: etc/issue is not read: it greets people, and administrators write into it what they like.
// Unknowns: a text that has not the form its distribution gives it → undefined, never a name made of its first word.
import { findDebianVersion } from './debian-version.ts'
import type { Distribution } from './ecosystem.ts'
import { parseAssignments, parseOsRelease } from './os-release.ts'
import { parseReleaseLine } from './release-line.ts'
import { decodeText } from './rfc822.ts'

type ReadReleaseFile = (bytes: Uint8Array) => Distribution | undefined

/**
 * First the files that name the distribution themselves. A derivative keeps its parent's file beside its own (Oracle and
 * Rocky redhat-release, Ubuntu debian_version), so a file of one distribution stands before those that many write.
 */
const releaseFiles: ReadonlyMap<string, ReadReleaseFile> = new Map([
  ['etc/os-release', parseOsRelease],
  ['usr/lib/os-release', parseOsRelease],
  ['etc/alpine-release', readAlpineRelease],
  ['etc/oracle-release', readReleaseLine],
  ['etc/rocky-release', readReleaseLine],
  ['etc/almalinux-release', readReleaseLine],
  ['etc/centos-release', readReleaseLine],
  ['etc/fedora-release', readReleaseLine],
  ['etc/photon-release', readReleaseLine],
  ['etc/mariner-release', readReleaseLine],
  ['etc/azurelinux-release', readReleaseLine],
  ['etc/openEuler-release', readReleaseLine],
  ['etc/SuSE-release', readReleaseLine],
  ['etc/gentoo-release', readReleaseLine],
  ['etc/openwrt_release', readLsbRelease],
  ['etc/redhat-release', readReleaseLine],
  ['etc/system-release', readReleaseLine],
  ['etc/lsb-release', readLsbRelease],
  ['etc/debian_version', readDebianVersion],
  ['etc/arch-release', readArchRelease],
])

/** Files that do not decide which system it is and say more about it: `supplement` reads them. */
const supplements: ReadonlyMap<string, ReadReleaseFile> = new Map([
  ['etc/apk/repositories', readApkRepositories],
  ['var/lib/ubuntu-advantage/status.json', readUbuntuPro],
])

/** In the order in which they count: the first that is there names the image's system, or nobody does. */
export const releaseFilePaths: readonly string[] = [...releaseFiles.keys()]
export const apkRepositoriesPath = 'etc/apk/repositories'
export const ubuntuProPath = 'var/lib/ubuntu-advantage/status.json'

export function isReleaseFilePath(path: string): boolean {
  return releaseFiles.has(path) || supplements.has(path)
}

/** What one file says of the system; undefined for a file that says nothing, and for any other path. */
export function parseReleaseFile(bytes: Uint8Array, path: string): Distribution | undefined {
  return (releaseFiles.get(path) ?? supplements.get(path))?.(bytes)
}

function readReleaseLine(bytes: Uint8Array): Distribution | undefined {
  return parseReleaseLine(decodeText(bytes))
}

/** `3.19.1`, `3.20_alpha20240329`, nothing else. */
function readAlpineRelease(bytes: Uint8Array): Distribution | undefined {
  const versionId = decodeText(bytes).trim()
  if (!/^[0-9]+\.[0-9]+(?:\.[0-9]+)*(?:_[a-z]+[0-9]*)?$/.test(versionId)) return undefined
  return { id: 'alpine', versionId, idLike: [] }
}

/** `3.19.1` → 3.19; of edge and its snapshots `edge`; undefined for text that is no version of Alpine's. */
export function alpineBranchOf(versionId: string): string | undefined {
  const [, branch, snapshot] =
    /^([0-9]+\.[0-9]+)(?:\.[0-9]+)*(_(?:alpha|beta|pre|rc)[0-9]*)?$/.exec(versionId) ?? []
  if (versionId === 'edge') return 'edge'
  return snapshot?.startsWith('_alpha') === true ? 'edge' : branch
}

/** Empty or a line of Arch's; a derivative of Arch has an os-release of its own. */
function readArchRelease(bytes: Uint8Array): Distribution | undefined {
  return /^(?:Arch Linux release)?$/.test(decodeText(bytes).trim())
    ? { id: 'arch', idLike: [] }
    : undefined
}

function readDebianVersion(bytes: Uint8Array): Distribution | undefined {
  return findDebianVersion(decodeText(bytes))
}

const lsbIds: ReadonlyMap<string, string> = new Map([
  ['Ubuntu', 'ubuntu'],
  ['Debian', 'debian'],
  ['OpenWrt', 'openwrt'],
  ['LinuxMint', 'linuxmint'],
  ['Kali', 'kali'],
  ['Arch', 'arch'],
  ['Gentoo', 'gentoo'],
])

/** DISTRIB_ID is no os-release ID: only those whose ID is known count. */
function readLsbRelease(bytes: Uint8Array): Distribution | undefined {
  const values = parseAssignments(bytes)
  const id = lsbIds.get(values.get('DISTRIB_ID') ?? '')
  if (id === undefined) return undefined
  const versionId = values.get('DISTRIB_RELEASE') ?? ''
  const codename = values.get('DISTRIB_CODENAME') ?? ''
  const prettyName = values.get('DISTRIB_DESCRIPTION') ?? ''
  return {
    id,
    idLike: [],
    // Rolling distributions say `rolling`, which is no version.
    ...(/^[0-9]/.test(versionId) && { versionId }),
    ...(codename !== '' && { codename }),
    ...(prettyName !== '' && { prettyName }),
  }
}

const maxRepositories = 1000

/** The branch of Alpine's own repositories, where they agree on one. */
function readApkRepositories(bytes: Uint8Array): Distribution | undefined {
  const branches = new Set<string>()
  for (const line of decodeText(bytes).split(/\r?\n/, maxRepositories)) {
    const [, branch] = /^[^#\s]\S*\/(v[0-9]+\.[0-9]+|edge)\/(?:main|community)\/?$/.exec(line) ?? []
    if (branch !== undefined) branches.add(branch.replace(/^v/, ''))
  }
  const [versionId, ...others] = branches
  if (versionId === undefined || others.length > 0) return undefined
  return { id: 'alpine', versionId, idLike: [] }
}

/** Whether `pro attach` was run while the image was built, and its services are on. */
function readUbuntuPro(bytes: Uint8Array): Distribution | undefined {
  let status: unknown
  try {
    status = JSON.parse(decodeText(bytes))
  } catch {
    // A state that cannot be read says nothing; without it the subscription counts as absent.
    return undefined
  }
  const isAttached =
    typeof status === 'object' && status !== null && 'attached' in status && status.attached
  return isAttached === true ? { id: 'ubuntu', idLike: [], isSubscribed: true } : undefined
}
