// Purpose:  list the packages of which a Bottlerocket image is built.
// Spec:     Bottlerocket, usr/share/bottlerocket/application-inventory.json: the rpm packages that went into the image.
// Input:    bytes of that file from an image; hostile.
// Deviates: nothing.
// Unknowns: an entry without name, version or release is a problem, never dropped in silence.
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'
import { formatEvr } from './nevra.ts'

const maxPackages = 100_000

export const bottlerocketInventory: Extractor = {
  id: 'bottlerocket-inventory',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => path === 'usr/share/bottlerocket/application-inventory.json',
  extract: extractInventory,
}

function extractInventory(path: string, bytes: Uint8Array): Extraction {
  let document: unknown
  try {
    document = JSON.parse(decodeText(bytes))
  } catch {
    return { instances: [], problems: [{ path, reason: 'is not JSON' }] }
  }
  const content = isRecord(document) ? document['Content'] : undefined
  if (!Array.isArray(content))
    return { instances: [], problems: [{ path, reason: 'has no list called Content' }] }
  const instances: PackageInstance[] = []
  const problems: InventoryProblem[] = []
  if (content.length > maxPackages)
    problems.push({ path, reason: 'has more packages than are read' })
  for (const entry of content.slice(0, maxPackages)) {
    const read = readEntry(entry, path)
    if ('reason' in read) problems.push(read)
    else instances.push(read)
  }
  return { instances, problems }
}

function readEntry(entry: unknown, path: string): PackageInstance | InventoryProblem {
  const text = (key: string): string => {
    const value = isRecord(entry) ? entry[key] : undefined
    return typeof value === 'string' ? value : ''
  }
  const [name, version, release] = [text('Name'), text('Version'), text('Release')]
  if (name === '' || version === '' || release === '') {
    const who = name === '' ? 'without a name' : name.slice(0, 128)
    return { path, reason: `an entry (${who}) has no name, version or release` }
  }
  const [architecture, vendor] = [text('Architecture'), text('Publisher')]
  return {
    package: {
      type: 'rpm',
      name,
      version: formatEvr(text('Epoch'), version, release),
      ...(architecture !== '' && { architecture }),
      ...(vendor !== '' && { vendor }),
    },
    path,
    evidence: 'installed',
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
