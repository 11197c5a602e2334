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
  ADVISORIES_REJECTED: entry(
    'Too many records of a feed cannot be read: its format changed, or it is damaged.',
    'Wait for a release that reads it. To take what can be read: pratique db update --confirm-loss NAME.',
  ),
  ADVISORIES_OLDER: entry(
    'A feed gave a state that is older than the one in force.',
    'Look at the mirror, if there is one. If the state is right: pratique db update --confirm-loss NAME.',
  ),
  ADVISORY_SOURCE_RESERVED: entry(
    'The name belongs to the set of advisories that ships with the product.',
    'Import under another source name.',
  ),
  ADVISORY_SOURCE_UNKNOWN: entry(
    'There is no such source of vulnerability data.',
    'Name one that pratique db status lists.',
  ),
  ADVISORY_SOURCE_CHOSEN: entry(
    'The settings name the feed that the source comes from.',
    'Take it out of PRATIQUE_FEEDS and start the server anew, then remove the source.',
  ),
  ADVISORIES_INTERRUPTED: entry(
    'Another process took over while advisories were imported.',
    'Import again; nothing of the interrupted import is visible.',
    true,
  ),
  ADVISORY_UNKNOWN: entry(
    'No source has such a record.',
    'Look for it by another id of the flaw or by words: pratique db search TEXT. Which sources there are: pratique db status.',
  ),
  REVISION_UNKNOWN: entry(
    'The vulnerability data never had that revision, or none was in force at that date.',
    'Give a revision up to the one that pratique db status shows, or a later date.',
  ),
  REVISION_FORGOTTEN: entry(
    'The revision is older than the history that is kept.',
    'Ask for a later one. PRATIQUE_ADVISORY_HISTORY_DAYS says for how long the history is kept from now on.',
  ),
  BUNDLE_UNREADABLE: entry(
    'The file is no whole bundle of vulnerability data.',
    'Carry it over again, or make it anew: pratique db export FILE. Nothing was changed.',
  ),
  BUNDLE_TOO_NEW: entry(
    'The bundle is of a form that this program does not know.',
    'Upgrade this installation, or make the bundle with a program of its version.',
  ),
  BUNDLE_UNSIGNED: entry(
    'Nobody vouches for the bundle: it has no signature.',
    'Have it made by pratique db export, which signs. To take it as it is: --allow-unsigned.',
  ),
  BUNDLE_KEY_UNKNOWN: entry(
    'The bundle is signed with a key that this server does not believe.',
    'Compare the fingerprint with what pratique db keygen prints where it was made, put that key into the file that PRATIQUE_BUNDLE_KEYS names, and start the server anew.',
  ),
  BUNDLE_SIGNATURE_INVALID: entry(
    'The signature does not belong to the bundle: it was damaged or changed after it was signed.',
    'Do not import it; carry it over again from where it was made.',
  ),
  BUNDLE_OLDER: entry(
    'The bundle is older than what is in force.',
    'Import the newest one. To go back on purpose: --allow-older.',
  ),
  BUNDLE_FROM_FUTURE: entry(
    'By its own word the bundle is yet to be made.',
    'Set the clock of this machine, or of the one that made the bundle, and make it anew.',
  ),
  BUNDLE_BASE_DIFFERS: entry(
    'The bundle holds only what changed since a state that is not in force here.',
    'Import a whole bundle, or one made since the bundle that pratique db status names: pratique db export --since ID FILE.',
  ),
  BUNDLE_BASE_UNKNOWN: entry(
    'No bundle of that id was made here.',
    'Give the id or the revision of a bundle made here, or leave out --since.',
  ),
  BUNDLE_EMPTY: entry(
    'There is nothing to put into a bundle: only the set that ships with the product.',
    'Import or update first: pratique db update, pratique db import FILE.',
  ),
  ARCHIVE_UNREADABLE: entry(
    'The image archive cannot be read.',
    'Make it again: skopeo copy … oci-archive:FILE, or docker save -o FILE.',
  ),
  INVENTORY_UNKNOWN: entry(
    'The image was never scanned, so nobody knows its packages.',
    'Scan it first: pratique scan IMAGE.',
  ),
  INVENTORY_PENDING: entry(
    'The image is being scanned.',
    'Wait until its scan has ended, then ask again.',
    true,
  ),
  INVENTORY_UNREADABLE: entry(
    'The layers of the image could not be read, so nobody knows its packages.',
    'Read the message: it says what is wrong. Scan anew when it is mended: pratique scan --rescan IMAGE.',
  ),
  INVENTORY_OUTDATED: entry(
    'The image was scanned by a version of the scanner that found other things in the same layers.',
    'Scan it anew: pratique scan --rescan IMAGE.',
  ),
  INVENTORY_TOO_LARGE: entry(
    'The image has more packages than a document may list.',
    'Look at its findings instead: pratique scan IMAGE.',
  ),
  PLATFORM_UNCLEAR: entry(
    'The index has several images, or none of the platform asked for.',
    'Name one of the platforms that the message lists.',
  ),
  SBOM_UNREADABLE: entry(
    'The bill of materials cannot be read.',
    'Give CycloneDX 1.2 to 1.7 as JSON, or SPDX 2.2 or 2.3 as JSON or tag-value.',
  ),
  VEX_UNREADABLE: entry(
    'The VEX document cannot be read.',
    'Read the message: it names the place. OpenVEX up to 0.2.0 and CSAF 2.0 of the profile csaf_vex are read.',
  ),
  VEX_UNKNOWN: entry(
    'The account has no such VEX document.',
    'List those that there are: pratique vex list.',
  ),
  VEX_LIMIT: entry(
    'The account has as many VEX documents as it may have.',
    'Remove those that newer ones replace: pratique vex remove DIGEST.',
  ),
  SCANNING_RULES_INVALID: entry(
    'The registry cannot be scanned by these rules.',
    'Read the message: it names the rule and what can be put in its place.',
  ),
  SCAN_BY_HAND_OFF: entry(
    'Images that enhanced scanning covers are not scanned by hand under aws defaults.',
    'Wait for enhanced scanning, or put scan type BASIC: aws ecr put-registry-scanning-configuration.',
  ),
  SCAN_QUOTA: entry(
    'Under aws defaults an image is scanned once in 24 hours, and a registry 100,000 times a day.',
    'Wait, or run the registry with PRATIQUE_DEFAULTS=secure, which has no such quota.',
    true,
  ),
  SCANS_WAITING: entry(
    'The account has as many scans waiting as it may ask for by hand.',
    'Wait until some have ended, then ask again.',
    true,
  ),
  AGGREGATION_TOO_LARGE: entry(
    'There are more groups of findings than are counted at once.',
    'Name the repositories or images that are meant.',
  ),
  EXPORT_UNKNOWN: entry(
    'The account has no such report.',
    'Ask for a new one: reports are kept for a week.',
  ),
  EXPORT_ENDED: entry('The report has ended and cannot be cancelled.', 'Look at its status.'),
  EXPORTS_TOO_MANY: entry(
    'The account has as many reports on their way as it may have.',
    'Wait for one of them, or cancel it.',
    true,
  ),
  FILTER_UNKNOWN: entry(
    'The account has no such filter of findings.',
    'List those that there are: aws inspector2 list-filters.',
  ),
  FILTER_NAME_TAKEN: entry(
    'The account has another filter of that name.',
    'Give it another name, or change the one that there is.',
  ),
  FILTER_TOO_WIDE: entry(
    'The filter suppresses and has no criteria, so that it would hold back every finding.',
    'Say which findings it is about.',
  ),
  FILTERS_TOO_MANY: entry(
    'The account has as many filters, or as much of criteria in them, as it may have.',
    'Delete those that nobody needs, or make them shorter: aws inspector2 delete-filter, update-filter.',
  ),
  FILTER_TAGS_TOO_MANY: entry('The filter would have more than 50 tags.', 'Remove some first.'),
  INDEX_PENDING: entry(
    'Findings of all images are being put in order, or counted, for the newest data.',
    'Ask again: each call brings it on, and clients do so by themselves.',
    true,
  ),
  LIST_OUTDATED: entry(
    'The list has changed so much since its first page that it cannot go on.',
    'List again from the first page.',
  ),
  RULES_UNREADABLE: entry(
    'The file of suppression rules cannot be read.',
    'Read the message: it names line and column. The rules before stay in force.',
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
