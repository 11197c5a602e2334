import type { Readable } from 'node:stream'
import { readAll } from '../lib/read-all.ts'
import { digestOf } from '../oci/digest.ts'
import { maxSbomBytes, readSbom } from '../sbom/read-sbom.ts'
import { scanningError } from './errors.ts'
import type { CoverageNote } from './rules/coverage-notes.ts'
import type { SquashedImage, SquashedInstance } from './rules/squash.ts'

export interface DeclaredImage {
  readonly image: SquashedImage
  /** What the document calls that which it is about. */
  readonly name: string | undefined
}

/**
 * What a bill of materials declares, as squashing layers would give it. That nobody looked at the bytes is a note of it
 * always. Throws SBOM_UNREADABLE.
 */
export async function readDeclaredImage(body: Readable): Promise<DeclaredImage> {
  const bytes = await readAll(body, maxSbomBytes)
  if (bytes === undefined)
    throw scanningError('SBOM_UNREADABLE', `the document is larger than ${maxSbomBytes} bytes`)
  const read = readSbom(bytes)
  if (read.kind === 'refused') throw scanningError('SBOM_UNREADABLE', `the document ${read.reason}`)
  const { format, subject } = read.declared
  const layerDigest = digestOf(bytes)
  const instances = read.components.map(
    ({ package: found, path, licenses, isDevelopment }): SquashedInstance => ({
      package: found,
      path,
      licenses,
      // A promise of somebody, as a lock file's is.
      evidence: 'declared',
      extractorId: 'sbom',
      layerDigest,
      ...(isDevelopment ? { isDevelopment, passedOver: 'development' as const } : {}),
    }),
  )
  const { distribution } = read
  const notes = [declaredOnly(format), ...read.notes.map(note), ...emptyNote(instances)]
  return {
    image: {
      instances,
      databases: [],
      lostInstances: [],
      problems: [],
      notes,
      ...(distribution === undefined ? {} : { distribution }),
    },
    name: subject,
  }
}

function declaredOnly(format: string): CoverageNote {
  return note(
    `declared only: the packages are those that a ${format} document lists; nothing else was looked at`,
  )
}

function note(message: string): CoverageNote {
  return { code: 'DECLARED_ONLY', message }
}

function emptyNote(instances: readonly SquashedInstance[]): readonly CoverageNote[] {
  if (instances.length > 0) return []
  return [{ code: 'NO_PACKAGE_DB', message: 'the document lists no package that can be looked up' }]
}
