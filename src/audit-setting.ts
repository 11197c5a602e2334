// The settings of the audit log: what is recorded, for how long it is kept, and what it may take of the disk.
import { oneOf, wholeBetween } from './setting-values.ts'

export interface AuditSetting {
  /** Whether what cannot be recorded must not be done. */
  readonly isRequired: boolean
  /** Whether allowed reads of images are recorded. */
  readonly withReads: boolean
  /** undefined for ever. */
  readonly keepDays: number | undefined
  /** What the whole log may take of the disk; undefined for as much as there is. */
  readonly maxBytes: number | undefined
  /** What gives way then. */
  readonly atMax: 'remove-oldest' | 'refuse'
}

export const auditSettings = {
  audit: {
    environment: 'PRATIQUE_AUDIT',
    fallback: 'required',
    says: 'required (what cannot be recorded is refused) or best-effort (it is done, and counted as lost)',
  },
  auditReads: {
    environment: 'PRATIQUE_AUDIT_READS',
    fallback: 'all',
    says: 'all, or denied (the audit log leaves out reads of images that are allowed)',
  },
  auditKeepDays: {
    environment: 'PRATIQUE_AUDIT_KEEP_DAYS',
    fallback: '400',
    says: 'days for which the audit log is kept, or forever',
  },
  auditMaxMib: {
    environment: 'PRATIQUE_AUDIT_MAX_MIB',
    fallback: 'none',
    says: 'MiB of the disk that the audit log may take, or none for as much as there is',
  },
  auditAtMax: {
    environment: 'PRATIQUE_AUDIT_AT_MAX',
    fallback: 'refuse',
    says: 'at that size: refuse (as on a full disk, see PRATIQUE_AUDIT), or remove-oldest (the log loses its beginning, and says so)',
  },
} as const

type Read = <T>(
  name: keyof typeof auditSettings,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function auditFrom(read: Read): AuditSetting {
  const [days, mib] = [wholeBetween(1, 36_500), wholeBetween(16, 999_999)]
  const kept = read(
    'auditKeepDays',
    (text) => (text === 'forever' ? text : days(text)),
    'whole days from 1 to 36500, or forever',
    'forever',
  )
  const most = read(
    'auditMaxMib',
    (text) => (text === 'none' ? text : mib(text)),
    'whole MiB from 16 to 999999, or none',
    'none',
  )
  const isRequired = read(
    'audit',
    oneOf('required', 'best-effort'),
    'required or best-effort',
    'required',
  )
  return {
    isRequired: isRequired === 'required',
    withReads: read('auditReads', oneOf('all', 'denied'), 'all or denied', 'all') === 'all',
    keepDays: kept === 'forever' ? undefined : kept,
    maxBytes: most === 'none' ? undefined : most * 1024 * 1024,
    atMax: read(
      'auditAtMax',
      oneOf('refuse', 'remove-oldest'),
      'refuse or remove-oldest',
      'refuse',
    ),
  }
}
