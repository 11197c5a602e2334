// Purpose:  tell the release of Debian by etc/debian_version.
// Spec:     base-files of Debian: `12.5` of a release, `trixie/sid` before it.
// Input:    text of the file; hostile.
// Deviates: nothing.
// Unknowns: testing and unstable have a code name and no version; they cannot be told apart.
import type { Distribution } from './ecosystem.ts'

/** `12.5` → 12; `trixie/sid` → no version. Before release 7 the second number was part of the name (3.1). */
export function findDebianVersion(text: string): Distribution | undefined {
  const [, major, minor] =
    /^([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:\.[0-9]{1,3})?$/.exec(text.trim()) ?? []
  if (major !== undefined) {
    const versionId = Number(major) < 4 ? `${major}.${minor ?? '0'}` : major
    return { id: 'debian', versionId, idLike: [] }
  }
  const [, codename] = /^([a-z]{3,32})(?:\/sid)?$/.exec(text.trim()) ?? []
  return codename === undefined ? undefined : { id: 'debian', codename, idLike: [] }
}
