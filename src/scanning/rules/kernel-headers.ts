// Purpose:  does a package hold what the kernel's interface looks like, and none of the kernel?
// Spec:     names of Debian's, Ubuntu's and the RPM distributions' packages that are built from the kernel's source.
// Input:    a package of a system, with its source package.
// Deviates: nothing.
// Unknowns: a package of another name, or from another source, counts as it is.
import type { Package } from '../../ecosystems/ecosystem.ts'

const debHeaders = /^(?:linux-libc-dev|linux(?:-[a-z0-9.+~]+)*-headers(?:-[a-z0-9.+~]+)*)$/
const rpmHeaders = /^kernel(?:-[a-z0-9.]+)*-(?:headers|devel)$/

/** Advisories go by source package, so all flaws of the kernel are said of these too; a container runs none of it. */
export function isKernelHeaders({ type, name, source }: Package): boolean {
  if (source === undefined) return false
  if (type === 'deb') return debHeaders.test(name) && /^linux(?:-|$)/.test(source.name)
  return type === 'rpm' && rpmHeaders.test(name) && /^kernel(?:-|$)/.test(source.name)
}
