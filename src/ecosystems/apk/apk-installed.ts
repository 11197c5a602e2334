// Purpose:  list the packages that apk installed, and the files that they brought.
// Spec:     apk-tools, the installed database (apk-package(5) names its fields): records of one-letter keys parted by empty lines.
// Input:    bytes of lib/apk/db/installed from an image; hostile.
// Deviates: an empty line within a record does not end it: some tools that write the database leave one.
// Unknowns: a record without name or version, or a database in another format, is a problem.
import type {
  Extraction,
  Extractor,
  InventoryProblem,
  OwnedFiles,
  PackageInstance,
} from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { resolveNeeds } from '../resolve-needs.ts'
import { decodeText } from '../rfc822.ts'
import { readRecords, type ApkRecord } from './records.ts'
import { relationsOf } from './relations.ts'

export const apkInstalled: Extractor = {
  id: 'apk-installed',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  extract: extractInstalled,
}

function extractInstalled(path: string, bytes: Uint8Array): Extraction {
  // apk-tools 3 knows a binary form of its files; guessing at it would look like an empty image.
  if (isBinary(bytes)) {
    const reason = 'is a database in the binary form of apk 3, which is not read'
    return { instances: [], problems: [{ path, reason }] }
  }
  const { records, isTruncated } = readRecords(decodeText(bytes))
  const problems: InventoryProblem[] = []
  if (isTruncated) problems.push({ path, reason: 'has more packages or files than are read' })
  const installed: ApkRecord[] = []
  for (const record of records) {
    const { name, version } = record
    if (name !== '' && version !== '') installed.push(record)
    else problems.push({ path, reason: incomplete(name) })
  }
  const needs = resolveNeeds(installed.map(relationsOf))
  return {
    instances: installed.map((record, index) => instanceOf(record, path, needs[index] ?? [])),
    problems,
    owned: installed.map(ownedBy).filter(({ paths }) => paths.length > 0),
  }
}

/** `ADB.` as it is, `ADBd` deflated, `ADBc` compressed in another way. */
function isBinary(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 3)).toString('latin1') === 'ADB'
}

function incomplete(name: string): string {
  return `a record (${name === '' ? 'without a name' : name}) has no ${name === '' ? 'P' : 'V'} line`
}

function instanceOf(
  { name, version, architecture, origin, licence }: ApkRecord,
  path: string,
  dependsOn: readonly string[],
): PackageInstance {
  return {
    package: {
      type: 'apk',
      name,
      version,
      ...(architecture !== '' && { architecture }),
      source: { name: origin === '' ? name : origin, version },
    },
    path,
    evidence: 'installed',
    ...(licence !== '' && { licenses: [licence] }),
    ...(dependsOn.length > 0 && { dependsOn }),
  }
}

function ownedBy({ name, files }: ApkRecord): OwnedFiles {
  const paths = files.map(ownedPath).filter((path) => path !== undefined)
  return { owner: name, paths }
}
