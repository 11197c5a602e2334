// Purpose:  list the packages that apk installed.
// Spec:     apk-tools, the installed database: records of one-letter keys parted by empty lines.
// Input:    bytes of lib/apk/db/installed from an image; hostile.
// Deviates: nothing.
// Unknowns: a record without name or version, or a database in another format, is a problem.
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'

const maxRecords = 100_000

export const apkInstalled: Extractor = {
  id: 'apk-installed',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  extract: extractInstalled,
}

function extractInstalled(path: string, bytes: Uint8Array): Extraction {
  const text = decodeText(bytes)
  // apk-tools 3 may keep a binary database here; guessing at it would look like an empty image.
  if (text.startsWith('ADB'))
    return {
      instances: [],
      problems: [{ path, reason: 'is an apk v3 database, which is not read yet' }],
    }
  const instances: PackageInstance[] = []
  const problems: InventoryProblem[] = []
  const records = text.split(/\r?\n(?:[ \t]*\r?\n)+/, maxRecords + 1)
  if (records.length > maxRecords)
    problems.push({ path, reason: 'has more packages than are read' })
  for (const record of records.slice(0, maxRecords)) {
    const fields = readFields(record)
    if (fields.size === 0) continue
    const read = readRecord(fields, path)
    if ('reason' in read) problems.push(read)
    else instances.push(read)
  }
  return { instances, problems }
}

/** Only what a package is known by; file lists (F, R, Z …) make most of the database. */
function readFields(record: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of record.split(/\r?\n/)) {
    const key = line.charAt(0)
    if (line.charAt(1) !== ':' || !'PVAo'.includes(key) || fields.has(key)) continue
    fields.set(key, line.slice(2).trim())
  }
  return fields
}

function readRecord(
  fields: ReadonlyMap<string, string>,
  path: string,
): PackageInstance | InventoryProblem {
  const name = fields.get('P') ?? ''
  const version = fields.get('V') ?? ''
  if (name === '' || version === '') {
    return {
      path,
      reason: `a record (${name === '' ? 'without a name' : name}) has no ${name === '' ? 'P' : 'V'} line`,
    }
  }
  const architecture = fields.get('A') ?? ''
  const origin = fields.get('o') ?? ''
  return {
    package: {
      type: 'apk',
      name,
      version,
      ...(architecture === '' ? {} : { architecture }),
      source: { name: origin === '' ? name : origin, version },
    },
    path,
    evidence: 'installed',
  }
}
