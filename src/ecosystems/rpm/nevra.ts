// Purpose:  take a package's whole name apart: name, epoch, version, release, architecture.
// Spec:     rpm, "Package file names" and the NEVRA of dnf: `name-[epoch:]version-release.arch`.
// Input:    text of a package database (`bash-5.1.8-6.el9.src.rpm`) or of an advisory; hostile.
// Deviates: nothing.
// Unknowns: text without two dashes, or with an empty part, has no parts: undefined.
import { maxVersionLength } from '../digits.ts'

export interface Nevra {
  readonly name: string
  /** As rpm writes it: no prefix where the epoch is 0 or absent. */
  readonly version: string
  readonly architecture: string | undefined
}

/** `bash-0:5.1.8-6.el9.x86_64.rpm` → bash, `5.1.8-6.el9`, x86_64. Undefined where parts are missing. */
export function parseNevra(text: string): Nevra | undefined {
  if (text.length > maxVersionLength) return undefined
  const whole = text.endsWith('.rpm') ? text.slice(0, -4) : text
  const [release, rest] = cutLast(whole, '-')
  const [versionText, name] = cutLast(rest, '-')
  if (name === '' || versionText === '' || release === '') return undefined
  const [, epoch = '0', version = ''] = /^(?:([0-9]+):)?(.*)$/s.exec(versionText) ?? []
  const [architecture, releaseText] = cutLast(release, '.')
  const hasArchitecture = isArchitecture(architecture) && releaseText !== ''
  return {
    name,
    version: formatEvr(epoch, version, hasArchitecture ? releaseText : release),
    architecture: hasArchitecture ? architecture : undefined,
  }
}

/** `0`, 5.1.8, 6.el9 → `5.1.8-6.el9`; an epoch that counts comes before a colon. */
export function formatEvr(epoch: string, version: string, release: string): string {
  const number = epoch.replace(/^0+/, '')
  return `${number === '' ? '' : `${number}:`}${version}${release === '' ? '' : `-${release}`}`
}

/** `a-b-c` at the last dash → `c` and `a-b`; all of it and '' where there is none. */
function cutLast(text: string, divider: string): readonly [last: string, before: string] {
  const at = text.lastIndexOf(divider)
  return at < 0 ? [text, ''] : [text.slice(at + 1), text.slice(0, at)]
}

const architectures =
  /^(?:src|nosrc|noarch|x86_64(?:_v[234])?|i[3-6]86|athlon|aarch64|armv[5-8][a-z]*|ppc(?:64(?:le|p7)?)?|s390x?|riscv(?:64)?|mips(?:64)?(?:el)?|ia64|loongarch64|sparc(?:64|v9)?|alpha|amd64|ia32e)$/

/** A release may have dots of its own, so only what is known as one is an architecture. */
function isArchitecture(text: string): boolean {
  return architectures.test(text)
}
