// Purpose:  spell refusals as the ECR API does.
// Spec:     Amazon ECR API Reference, errors of each operation; sentences as its clients and scripts match them.
// Input:    a room's error, or one that only this API has.
// Deviates: REPOSITORY_NAME_RESERVED, STORAGE_FULL and UPLOAD_BUSY have no counterpart and become the nearest exception.
// Unknowns: an error of no room is not spelled here; the dispatcher answers ServerException.
import { isLifecycleError, type LifecycleErrorCode } from '../../../lifecycle/errors.ts'
import { PratiqueError } from '../../../lib/errors.ts'
import {
  asRegistryError,
  isRegistryError,
  type RegistryErrorCode,
} from '../../../registry/errors.ts'
import { isReplicationError, type ReplicationErrorCode } from '../../../replication/errors.ts'
import { isScanningError, type ScanningErrorCode } from '../../../scanning/errors.ts'
import {
  isSigningConfigurationError,
  type SigningConfigurationErrorCode,
} from '../../../trust/signing-configuration-errors.ts'
import { policyErrorHeader } from '../protocol/policy-error-header.ts'

/** An exception of the service's model: name, sentence, and members beside them. */
export interface EcrException {
  readonly name: string
  readonly message: string
  readonly status: number
  readonly members: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by operations for what only this API knows. */
export function ecrError(
  name: string,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
): PratiqueError<'ECR_EXCEPTION'> {
  return new PratiqueError('ECR_EXCEPTION', message, { name, members })
}

export function ecrAccessDenied(denied: {
  readonly message: string
  readonly encodedMessage: string | undefined
}): PratiqueError {
  const { message, encodedMessage } = denied
  const members =
    encodedMessage === undefined ? {} : { encodedAuthorizationMessage: encodedMessage }
  return ecrError('AccessDeniedException', message, members)
}

export function invalidParameter(member: string, constraint: string): PratiqueError {
  const message = `Invalid parameter at '${member}' failed to satisfy constraint: '${constraint}'`
  return ecrError('InvalidParameterException', message)
}

/** How an image is shown in sentences; an absent half is `null`, as AWS prints it. */
export function imageIdText(id: {
  readonly imageDigest?: string
  readonly imageTag?: string
}): string {
  return `{imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'}`
}

type Detail = Readonly<Record<string, unknown>>
type Spelling = readonly [name: string, message: (detail: Detail, own: string) => string]

const own = (_: Detail, message: string): string => message

const spellings = {
  REPOSITORY_UNKNOWN: [
    'RepositoryNotFoundException',
    ({ repository, account }) =>
      `The repository with name '${shown(repository)}' does not exist in the registry with id '${shown(account)}'`,
  ],
  REPOSITORY_EXISTS: [
    'RepositoryAlreadyExistsException',
    ({ repository, account }) =>
      `The repository with name '${shown(repository)}' already exists in the registry with id '${shown(account)}'`,
  ],
  REPOSITORY_NOT_EMPTY: [
    'RepositoryNotEmptyException',
    ({ repository, account }) =>
      `The repository with name '${shown(repository)}' in registry with id '${shown(account)}' cannot be deleted because it still contains images`,
  ],
  REPOSITORY_NAME_RESERVED: ['InvalidParameterException', own],
  BLOB_UNKNOWN: ['LayersNotFoundException', own],
  BLOB_REFERENCED: ['InvalidParameterException', own],
  BLOB_EXISTS: ['LayerAlreadyExistsException', own],
  BLOB_TOO_LARGE: ['LimitExceededException', own],
  UPLOAD_UNKNOWN: [
    'UploadNotFoundException',
    ({ uploadId, repository }) =>
      `The upload with id '${shown(uploadId)}' was not found in the repository with name '${shown(repository)}'`,
  ],
  UPLOAD_BUSY: ['InvalidLayerPartException', own],
  UPLOAD_OUT_OF_ORDER: ['InvalidLayerPartException', own],
  UPLOAD_EMPTY: ['EmptyUploadException', own],
  UPLOAD_PART_TOO_SMALL: ['LayerPartTooSmallException', own],
  UPLOAD_INTERRUPTED: ['InvalidLayerPartException', own],
  UPLOADS_TOO_MANY: ['LimitExceededException', own],
  SIZE_MISMATCH: ['InvalidLayerPartException', own],
  DIGEST_MISMATCH: ['InvalidLayerException', own],
  MANIFEST_INVALID: ['InvalidParameterException', invalidManifest],
  MANIFEST_TOO_LARGE: ['InvalidParameterException', invalidManifest],
  MANIFEST_UNKNOWN: ['ImageNotFoundException', own],
  MANIFEST_BLOB_UNKNOWN: [
    'LayersNotFoundException',
    ({ digests }) =>
      `Layers with digests '${list(digests)}' required for pushing image into repository do not exist`,
  ],
  MANIFEST_CHILD_UNKNOWN: [
    'ReferencedImagesNotFoundException',
    ({ digests }) =>
      `Images with digests '${list(digests)}' required for pushing image into repository do not exist`,
  ],
  MANIFEST_REFERENCED: ['InvalidParameterException', own],
  IMAGE_ARCHIVED: ['ImageArchivedException', own],
  IMAGE_NOT_ARCHIVABLE: ['ImageStorageClassUpdateNotSupportedException', own],
  IMAGE_EXISTS: ['ImageAlreadyExistsException', own],
  TAG_UNKNOWN: ['ImageNotFoundException', own],
  TAG_IMMUTABLE: [
    'ImageTagAlreadyExistsException',
    ({ tag, repository }) =>
      `The image tag '${shown(tag)}' already exists in the '${shown(repository)}' repository and cannot be overwritten because the repository is immutable.`,
  ],
  PRECONDITION_FAILED: ['InvalidParameterException', own],
  IMAGE_TAGS_TOO_MANY: ['InvalidParameterException', own],
  TAG_KEYS_COLLIDE: ['InvalidTagParameterException', own],
  TAGS_TOO_MANY: ['TooManyTagsException', own],
  POLICY_MALFORMED: [
    'InvalidParameterException',
    ({ kind }) =>
      `Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid ${shown(kind)} policy provided'`,
  ],
  POLICY_LOCKS_OUT: ['InvalidParameterException', own],
  POLICY_IS_PUBLIC: ['InvalidParameterException', own],
  REPOSITORY_POLICY_UNKNOWN: [
    'RepositoryPolicyNotFoundException',
    ({ repository, account }) =>
      `Repository policy does not exist for the repository with name '${shown(repository)}' in the registry with id '${shown(account)}'`,
  ],
  REGISTRY_POLICY_UNKNOWN: [
    'RegistryPolicyNotFoundException',
    ({ account }) => `Registry policy does not exist in the registry with id '${shown(account)}'`,
  ],
  ACCOUNT_SETTING_INVALID: ['ValidationException', own],
  PULL_EXCLUSION_INVALID: ['ValidationException', own],
  PULL_EXCLUSION_EXISTS: ['ExclusionAlreadyExistsException', own],
  PULL_EXCLUSION_UNKNOWN: ['ExclusionNotFoundException', own],
  PULL_EXCLUSIONS_TOO_MANY: ['LimitExceededException', own],
  QUOTA_EXCEEDED: ['LimitExceededException', own],
  STORAGE_FULL: ['ServerException', own],
} as const satisfies Record<RegistryErrorCode, Spelling>

/** What of the scanning room can be refused here; its other refusals belong to doors of our own. */
const scanningSpellings: Partial<Record<ScanningErrorCode, string>> = {
  SCANNING_RULES_INVALID: 'ValidationException',
  SCAN_BY_HAND_OFF: 'ValidationException',
  SCAN_QUOTA: 'LimitExceededException',
  SCANS_WAITING: 'ThrottlingException',
}

type LifecycleSpelling = readonly [name: string, message: (detail: Detail, own: string) => string]

/** What of the lifecycle room can be refused here; its other refusals belong to doors of our own. */
const lifecycleSpellings: Partial<Record<LifecycleErrorCode, LifecycleSpelling>> = {
  LIFECYCLE_POLICY_INVALID: [
    'InvalidParameterException',
    (_, message) =>
      `Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: '${message}'`,
  ],
  LIFECYCLE_POLICY_UNKNOWN: [
    'LifecyclePolicyNotFoundException',
    ({ repository, account }) =>
      `Lifecycle policy does not exist for the repository with name '${shown(repository)}' in the registry with id '${shown(account)}'`,
  ],
  LIFECYCLE_PREVIEW_UNKNOWN: [
    'LifecyclePolicyPreviewNotFoundException',
    ({ repository, account }) =>
      `Lifecycle policy preview does not exist for the repository with name '${shown(repository)}' in the registry with id '${shown(account)}'`,
  ],
  LIFECYCLE_PREVIEW_RUNNING: [
    'LifecyclePolicyPreviewInProgressException',
    ({ repository, account }) =>
      `The lifecycle policy preview of the repository with name '${shown(repository)}' in the registry with id '${shown(account)}' is in progress`,
  ],
}

const replicationSpellings = {
  REPLICATION_INVALID: [
    'InvalidParameterException',
    (_, message) =>
      `Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: '${message}'`,
  ],
  BACKFILL_DESTINATION_UNKNOWN: ['ValidationException', own],
  BACKFILL_RUNNING: ['ReplicationBackfillInProgressException', own],
  BACKFILLS_TOO_MANY: ['LimitExceededException', own],
  BACKFILL_UNKNOWN: ['ReplicationBackfillNotFoundException', own],
  BACKFILL_ENDED: ['ReplicationBackfillInvalidStatusException', own],
  PULL_THROUGH_RULE_INVALID: ['ValidationException', own],
  PULL_THROUGH_RULE_EXISTS: ['PullThroughCacheRuleAlreadyExistsException', own],
  PULL_THROUGH_RULE_UNKNOWN: ['PullThroughCacheRuleNotFoundException', own],
  PULL_THROUGH_RULES_TOO_MANY: ['LimitExceededException', own],
  UPSTREAM_UNSUPPORTED: ['UnsupportedUpstreamRegistryException', own],
} as const satisfies Record<ReplicationErrorCode, Spelling>

const signingSpellings = {
  SIGNING_CONFIGURATION_UNKNOWN: 'SigningConfigurationNotFoundException',
} as const satisfies Record<SigningConfigurationErrorCode, string>

/** The exception for an error of a room or of this API; undefined for any other. */
export function spellException(thrown: unknown): EcrException | undefined {
  const error = asRegistryError(thrown)
  if (error instanceof PratiqueError && error.code === 'ECR_EXCEPTION') {
    const { name, members } = error.detail
    return { name: shown(name), message: error.message, status: 400, members: recordOf(members) }
  }
  if (isScanningError(error)) {
    const name = scanningSpellings[error.code]
    if (name !== undefined) return { name, message: error.message, status: 400, members: {} }
  }
  if (isReplicationError(error)) {
    const [name, message]: Spelling = replicationSpellings[error.code]
    return { name, message: message(error.detail, error.message), status: 400, members: {} }
  }
  if (isSigningConfigurationError(error)) {
    const name = signingSpellings[error.code]
    return { name, message: error.message, status: 400, members: {} }
  }
  if (isLifecycleError(error)) {
    const spelling = lifecycleSpellings[error.code]
    if (spelling === undefined) return undefined
    const [name, message] = spelling
    return { name, message: message(error.detail, error.message), status: 400, members: {} }
  }
  if (!isRegistryError(error)) return undefined
  const [name, message]: Spelling = spellings[error.code]
  const status = name === 'ServerException' ? 500 : 400
  const exception = { name, message: message(error.detail, error.message), status }
  return { ...exception, members: membersOf(error), ...headersOf(error) }
}

/** The model gives InvalidLayerPartException the place to go on from. */
function membersOf(error: PratiqueError<RegistryErrorCode>): Readonly<Record<string, unknown>> {
  if (spellings[error.code][0] !== 'InvalidLayerPartException') return {}
  const { size, uploadId } = error.detail
  return typeof size === 'number' ? { uploadId, lastValidByteReceived: size - 1 } : {}
}

/** AWS has one sentence for every fault of a policy; where it stands and why it is one goes beside it. */
function headersOf({
  code,
  detail,
}: PratiqueError<RegistryErrorCode>): Pick<EcrException, 'headers'> {
  if (code !== 'POLICY_MALFORMED') return {}
  const { line, column, code: fault, reason } = detail
  return {
    headers: policyErrorHeader(Number(line), Number(column), `${shown(fault)} ${shown(reason)}`),
  }
}

function invalidManifest(_: Detail, message: string): string {
  return `Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid image manifest provided: ${message}'`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function list(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : ''
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
