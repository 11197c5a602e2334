// Purpose:  list the packages that dpkg installed.
// Spec:     dpkg(1) status file; distroless keeps one file for each package in status.d.
// Input:    bytes of a status file from an image; hostile.
// Deviates: nothing here; status-stanzas.ts has what counts as installed.
// Unknowns: a stanza without name or version is a problem, never dropped in silence.
import type { Extractor } from '../ecosystem.ts'
import { extractStatus } from './status-stanzas.ts'

const statusFile = /^(?:usr\/)?var\/lib\/dpkg\/status$/
const statusDirectory = /^(?:usr\/)?var\/lib\/dpkg\/status\.d\/[^/]+$/
/** What lies beside the stanzas in status.d. */
const companions =
  /\.(?:md5sums|preinst|postinst|prerm|postrm|conffiles|list|shlibs|symbols|triggers)$/

export const dpkgStatus: Extractor = {
  id: 'dpkg-status',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => statusFile.test(path) || (statusDirectory.test(path) && !companions.test(path)),
  extract: (path, bytes) => extractStatus(path, bytes, 'deb'),
}
