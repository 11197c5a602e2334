import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room: what it means, what to do about it, and whether the same call may succeed later. */
export const scanningErrors = {
  ADVISORIES_BUSY: entry(
    'Another import of vulnerability data is running.',
    'Wait for it to end, then import again.',
    true,
  ),
  ADVISORIES_UNREADABLE: entry(
    'The file of advisories cannot be read.',
    'Read the message: it says what is wrong. The data imported before stay in force.',
  ),
  ADVISORIES_LOST: entry(
    'The new snapshot lacks more than 5 % of the records that this source had.',
    'Look at the file; if the records are gone for a reason, import again and confirm the loss.',
  ),
  ADVISORY_SOURCE_RESERVED: entry(
    'The name belongs to the set of advisories that ships with the product.',
    'Import under another source name.',
  ),
  ADVISORIES_INTERRUPTED: entry(
    'Another process took over while advisories were imported.',
    'Import again; nothing of the interrupted import is visible.',
    true,
  ),
  ARCHIVE_UNREADABLE: entry(
    'The image archive cannot be read.',
    'Make it again: skopeo copy … oci-archive:FILE, or docker save -o FILE.',
  ),
} as const

export type ScanningErrorCode = keyof typeof scanningErrors

export function scanningError(
  code: ScanningErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  options: { cause?: unknown } = {},
): PratiqueError<ScanningErrorCode> {
  return new PratiqueError(code, message, detail, options)
}

export function isScanningError(error: unknown): error is PratiqueError<ScanningErrorCode> {
  return error instanceof PratiqueError && error.code in scanningErrors
}
