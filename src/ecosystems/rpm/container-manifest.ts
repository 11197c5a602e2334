// Purpose:  list the packages of a distroless image of Azure Linux or Mariner, which has no rpm database.
// Spec:     the image tools of Azure Linux: `rpm -qa --qf` with ten columns, parted by tabs; scanners are promised that they stay.
// Input:    bytes of var/lib/rpmmanifest/container-manifest-2 from an image; hostile.
// Deviates: container-manifest-1 beside it lists the same packages by less, and is not read.
// Unknowns: a line without its columns is a problem; an epoch that is no number too.
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { maxVersionLength } from '../digits.ts'
import { decodeText } from '../rfc822.ts'
import { sourceOf } from './installed-package.ts'
import { formatEvr } from './nevra.ts'

const maxLines = 100_000
const maxProblems = 100
const columns = 10

export const rpmContainerManifest: Extractor = {
  id: 'rpm-container-manifest',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => path === 'var/lib/rpmmanifest/container-manifest-2',
  extract: extractManifest,
}

function extractManifest(path: string, bytes: Uint8Array): Extraction {
  const instances: PackageInstance[] = []
  const problems: InventoryProblem[] = []
  const lines = decodeText(bytes).split(/\r?\n/, maxLines + 1)
  if (lines.length > maxLines) problems.push({ path, reason: 'has more packages than are read' })
  for (const [index, line] of lines.slice(0, maxLines).entries()) {
    if (line.trim() === '' || line.startsWith('gpg-pubkey\t')) continue
    const read = readLine(line, path)
    if (typeof read !== 'string') instances.push(read)
    else if (problems.length < maxProblems)
      problems.push({ path, reason: `line ${index + 1} ${read}` })
  }
  return { instances, problems }
}

/** NAME, VERSION-RELEASE, INSTALLTIME, BUILDTIME, VENDOR, `(none)`, SIZE, ARCH, EPOCHNUM, SOURCERPM. */
function readLine(line: string, path: string): PackageInstance | string {
  const fields = line.split('\t', columns)
  const [name = '', version = '', , , vendor, , , architecture, epoch = ''] = fields
  if (fields.length < columns) return `has ${fields.length} columns of ${columns}`
  if (name === '' || version === '') return 'has no name or no version'
  if (name.length > maxVersionLength || version.length > maxVersionLength) return 'is overlong'
  if (!/^[0-9]{1,10}$/.test(epoch)) return 'has an epoch that is no number'
  const source = sourceOf(fields[columns - 1], name, epoch)
  return {
    package: {
      type: 'rpm',
      name,
      version: formatEvr(epoch, version, ''),
      ...member('architecture', architecture),
      ...(source === undefined ? {} : { source }),
      ...member('vendor', vendor),
    },
    path,
    evidence: 'installed',
  }
}

function member<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [key in Name]?: string } {
  const absent: { readonly [key in Name]?: string } = {}
  const isAbsent = value === undefined || value === '' || value === '(none)'
  return isAbsent ? absent : { ...absent, [name]: value.slice(0, maxVersionLength) }
}
