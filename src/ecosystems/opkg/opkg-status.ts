// Purpose:  list the packages that opkg installed.
// Spec:     opkg's status file, in the form of dpkg's; OpenWrt and Yocto keep it in two places.
// Input:    bytes of a status file from an image; hostile.
// Deviates: packages that are unpacked or half installed count: their files are there.
// Unknowns: a stanza without name or version is a problem, never dropped in silence.
import { extractStatus } from '../deb/status-stanzas.ts'
import type { Extractor } from '../ecosystem.ts'

const statusFile = /^(?:usr|var)\/lib\/opkg\/status$/

export const opkgStatus: Extractor = {
  id: 'opkg-status',
  revision: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => statusFile.test(path),
  extract: (path, bytes) => extractStatus(path, bytes, 'opkg'),
}
