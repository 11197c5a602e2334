// Purpose:  what a backup consists of, and whether what was read is one.
// Spec:     a tar of: backup.json, pratique.db, master.key and credentials (unless left out), blobs/KEY for every live blob in
//           order of their rows, damaged.json, end.json. The database names the digest of every key.
// Input:    the JSON documents of a file that says it is a backup; may be hostile.
// Deviates: nothing.
// Unknowns: another format or a newer schema → refused with the reason; unknown members are ignored.
import { isRecord } from '../../oci/descriptor.ts'

export const backupFormat = 'pratique.backup/1'

export interface BackupHead {
  readonly format: typeof backupFormat
  readonly program: string
  readonly schemaVersion: number
  /** ISO 8601; the moment the database was copied. */
  readonly createdAt: string
  readonly databaseBytes: number
  readonly blobs: number
  readonly blobBytes: number
  readonly hasKeys: boolean
}

export interface BackupEnd {
  /** Files of blobs that are in the archive. */
  readonly blobs: number
  readonly blobBytes: number
  /** Hex, over pratique.db. */
  readonly databaseSha256: string
  /** Blobs that were damaged or lost where the backup was taken. */
  readonly damaged: number
}

export const backupNames = {
  head: 'backup.json',
  database: 'pratique.db',
  masterKey: 'master.key',
  credentials: 'credentials',
  damaged: 'damaged.json',
  end: 'end.json',
} as const

export const blobFolder = 'blobs/'

export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'refused'; readonly reason: string }

export function parseBackupHead(json: unknown, knownSchema: number): Parsed<BackupHead> {
  if (!isRecord(json) || typeof json['format'] !== 'string') {
    return refused('it does not say that it is a backup')
  }
  if (json['format'] !== backupFormat) {
    return refused(
      `its format is ${JSON.stringify(json['format'])}; this program reads ${backupFormat}`,
    )
  }
  const { program, schemaVersion, createdAt, databaseBytes, blobs, blobBytes, hasKeys } = json
  if (
    !isCount(schemaVersion) ||
    !isCount(databaseBytes) ||
    !isCount(blobs) ||
    !isCount(blobBytes)
  ) {
    return refused('a count of its head is no whole number')
  }
  if (
    typeof program !== 'string' ||
    typeof createdAt !== 'string' ||
    typeof hasKeys !== 'boolean'
  ) {
    return refused('its head lacks a member')
  }
  if (schemaVersion > knownSchema) {
    return refused(
      `its database has schema version ${schemaVersion}, this program knows ${knownSchema}: restore it with the newer program`,
    )
  }
  const value = { program, schemaVersion, createdAt, databaseBytes, blobs, blobBytes, hasKeys }
  return { kind: 'parsed', value: { format: backupFormat, ...value } }
}

export function parseBackupEnd(json: unknown): Parsed<BackupEnd> {
  if (!isRecord(json)) return refused('its end cannot be read')
  const { blobs, blobBytes, databaseSha256, damaged } = json
  if (!isCount(blobs) || !isCount(blobBytes) || !isCount(damaged)) {
    return refused('a count of its end is no whole number')
  }
  if (typeof databaseSha256 !== 'string') return refused('its end lacks the hash of its database')
  return { kind: 'parsed', value: { blobs, blobBytes, databaseSha256, damaged } }
}

export function parseDamaged(json: unknown): Parsed<readonly string[]> {
  if (!Array.isArray(json)) return refused('its list of damaged blobs is none')
  const digests = json.filter((digest): digest is string => typeof digest === 'string')
  return { kind: 'parsed', value: digests }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function refused(reason: string): { readonly kind: 'refused'; readonly reason: string } {
  return { kind: 'refused', reason }
}
