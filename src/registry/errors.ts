import { entry, PratiqueError } from '../lib/errors.ts'
import { StorageFullError } from '../storage/storage-full.ts'

/** Every refusal of this room: what it means, what to do about it, and whether the same call may succeed later. */
export const registryErrors = {
  REPOSITORY_UNKNOWN: entry(
    'No such repository.',
    'Create it: aws ecr create-repository --repository-name NAME',
  ),
  REPOSITORY_EXISTS: entry('The repository exists already.', 'Use it, or choose another name.'),
  REPOSITORY_NOT_EMPTY: entry(
    'The repository still holds images.',
    'Delete them first, or repeat with --force.',
  ),
  REPOSITORY_NAME_RESERVED: entry(
    'The first segment of the name is an account id.',
    'Choose another name: that segment addresses the account.',
  ),
  BLOB_UNKNOWN: entry(
    'The repository has no such blob.',
    'Push the blob to this repository first.',
  ),
  BLOB_REFERENCED: entry(
    'A manifest still refers to the blob.',
    'Delete the manifests that use it; the blob then leaves by itself.',
  ),
  BLOB_EXISTS: entry(
    'The repository holds this layer already.',
    'Nothing: put the image that uses it.',
  ),
  BLOB_TOO_LARGE: entry('The blob is larger than this registry accepts.', 'Split the layer.'),
  UPLOAD_UNKNOWN: entry('No such upload, or it has ended.', 'Start a new upload.'),
  UPLOAD_BUSY: entry(
    'Another request writes to this upload just now.',
    'Wait for it to end, ask for the upload’s status, and go on from there.',
    true,
  ),
  UPLOAD_OUT_OF_ORDER: entry(
    'The chunk does not begin where the upload stands.',
    'Ask for the upload’s status and send from the next byte.',
  ),
  UPLOAD_EMPTY: entry('Nothing was uploaded.', 'Upload at least one part before completing.'),
  UPLOAD_PART_TOO_SMALL: entry(
    'A part other than the last is below 5 MiB.',
    'Upload again with larger parts.',
  ),
  UPLOAD_INTERRUPTED: entry(
    'The body ended before it was complete.',
    'Ask for the upload’s status and send the rest.',
    true,
  ),
  UPLOADS_TOO_MANY: entry(
    'The caller has more uploads in hand than the limit.',
    'Finish or cancel some; one that nobody touches stops to count after an hour.',
    true,
  ),
  SIZE_MISMATCH: entry(
    'The body does not have the length stated.',
    'Send exactly as many bytes as stated.',
  ),
  DIGEST_MISMATCH: entry(
    'The content does not have the digest stated.',
    'Compute the digest over the bytes that are sent; push again.',
  ),
  MANIFEST_INVALID: entry(
    'The manifest cannot be accepted.',
    'Read the message: it names the member that is wrong.',
  ),
  MANIFEST_TOO_LARGE: entry(
    'The manifest is larger than 4 MiB.',
    'Move data from annotations into a layer.',
  ),
  MANIFEST_UNKNOWN: entry(
    'The repository has no such manifest.',
    'Check tag and digest: aws ecr list-images --repository-name NAME',
  ),
  MANIFEST_BLOB_UNKNOWN: entry(
    'The manifest refers to blobs that this repository does not have.',
    'Push these blobs to this repository first.',
  ),
  MANIFEST_CHILD_UNKNOWN: entry(
    'The index refers to manifests that this repository does not have.',
    'Push these manifests to this repository first.',
  ),
  MANIFEST_REFERENCED: entry('An index refers to the manifest.', 'Delete the index first.'),
  IMAGE_ARCHIVED: entry(
    'The image is archived, and so is not served.',
    'Bring it back: aws ecr update-image-storage-class --target-storage-class STANDARD, or push it again.',
  ),
  IMAGE_NOT_ARCHIVABLE: entry(
    'What an index lists, and what is no image, cannot be archived by itself.',
    'Archive the index, or the image that it belongs to.',
  ),
  IMAGE_EXISTS: entry('This image is there already, under this tag.', 'Nothing: it is stored.'),
  TAG_UNKNOWN: entry(
    'The repository has no such tag.',
    'List the tags: aws ecr list-images --repository-name NAME',
  ),
  TAG_IMMUTABLE: entry(
    'The tag is immutable and points to another image.',
    'Push under another tag.',
  ),
  PRECONDITION_FAILED: entry(
    'What the push was to replace is not as its condition demands.',
    'Read the tag again, put the change on top of it, push again.',
  ),
  IMAGE_TAGS_TOO_MANY: entry(
    'More tags are given in one request than are taken.',
    'Push again, with fewer tags at a time.',
  ),
  TAG_KEYS_COLLIDE: entry(
    'Two resource tags have keys that differ only in case.',
    'Choose one spelling: policies compare keys of tags without regard to case.',
  ),
  TAGS_TOO_MANY: entry('More resource tags than the limit of 50.', 'Remove tags first.'),
  POLICY_MALFORMED: entry(
    'The policy cannot be accepted.',
    'The header pratique-policy-error of the answer says line, column and why: mend the document there.',
  ),
  POLICY_LOCKS_OUT: entry(
    'Under this policy you could not change the policy again.',
    'Leave yourself ecr:SetRepositoryPolicy, or put it with force.',
  ),
  POLICY_IS_PUBLIC: entry(
    'The policy lets in everybody, and pulls without credentials are on.',
    'Narrow the statement, or put it with force if everybody is meant.',
  ),
  REPOSITORY_POLICY_UNKNOWN: entry(
    'The repository has no policy.',
    'Put one: aws ecr set-repository-policy --repository-name NAME --policy-text file://FILE',
  ),
  REGISTRY_POLICY_UNKNOWN: entry(
    'The registry has no policy.',
    'Put one: aws ecr put-registry-policy --policy-text file://FILE',
  ),
  ACCOUNT_SETTING_INVALID: entry(
    'There is no such account setting, or it has no such value.',
    'Read the message: it names what there is.',
  ),
  PULL_EXCLUSION_INVALID: entry(
    'Pulls of this principal cannot be excluded.',
    'Name an IAM role by its ARN; its sessions are excluded with it.',
  ),
  PULL_EXCLUSION_EXISTS: entry('Pulls of this role are excluded already.', 'Nothing.'),
  PULL_EXCLUSION_UNKNOWN: entry(
    'Pulls of this principal are not excluded.',
    'List those that are: aws ecr list-pull-time-update-exclusions',
  ),
  PULL_EXCLUSIONS_TOO_MANY: entry(
    'The registry excludes as many roles as it may.',
    'Remove one that nobody needs.',
  ),
  QUOTA_EXCEEDED: entry(
    'A quota of the account or of the repository leaves no room for this.',
    'Delete images that nobody needs, or have the quota raised: pratique quota.',
  ),
  STORAGE_FULL: entry(
    'The disk is full.',
    'Free space on the registry’s disk; pulls and deletes go on.',
    true,
  ),
} as const

export type RegistryErrorCode = keyof typeof registryErrors

export function registryError(
  code: RegistryErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  options: { cause?: unknown } = {},
): PratiqueError<RegistryErrorCode> {
  return new PratiqueError(code, message, detail, options)
}

/** What the storage below says of itself, as this room's refusal; other errors as they are. */
export function asRegistryError(error: unknown): unknown {
  return error instanceof StorageFullError
    ? registryError('STORAGE_FULL', error.message, {}, { cause: error })
    : error
}

export function isRegistryError(error: unknown): error is PratiqueError<RegistryErrorCode> {
  return error instanceof PratiqueError && error.code in registryErrors
}
