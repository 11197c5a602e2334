import { accessErrors, isAccessError, type AccessErrorCode } from '../../access/errors.ts'
import {
  admissionErrors,
  isAdmissionError,
  type AdmissionErrorCode,
} from '../../admission/errors.ts'
import {
  isMasterKeyError,
  masterKeyErrors,
  type MasterKeyErrorCode,
} from '../../access/master-key-errors.ts'
import {
  isLifecycleError,
  lifecycleErrors,
  type LifecycleErrorCode,
} from '../../lifecycle/errors.ts'
import {
  isNotificationError,
  notificationErrors,
  type NotificationErrorCode,
} from '../../notifications/errors.ts'
import { isPostureError, postureErrors, type PostureErrorCode } from '../../posture/errors.ts'
import {
  asRegistryError,
  isRegistryError,
  registryErrors,
  type RegistryErrorCode,
} from '../../registry/errors.ts'
import { isScanningError, scanningErrors, type ScanningErrorCode } from '../../scanning/errors.ts'
import { isTrustError, trustErrors, type TrustErrorCode } from '../../trust/errors.ts'
import { isSigningError, signingErrors, type SigningErrorCode } from '../../signing/errors.ts'
import type { ControlError } from './serve-control.ts'

const statuses = {
  ADVISORIES_BUSY: 409,
  ADVISORIES_UNREADABLE: 400,
  ADVISORIES_LOST: 409,
  ADVISORIES_REJECTED: 409,
  ADVISORIES_OLDER: 409,
  ADVISORIES_INTERRUPTED: 409,
  ADVISORY_SOURCE_RESERVED: 400,
  ADVISORY_SOURCE_UNKNOWN: 404,
  ADVISORY_SOURCE_CHOSEN: 409,
  ADVISORY_UNKNOWN: 404,
  REVISION_UNKNOWN: 404,
  REVISION_FORGOTTEN: 404,
  BUNDLE_UNREADABLE: 400,
  BUNDLE_TOO_NEW: 400,
  BUNDLE_UNSIGNED: 400,
  BUNDLE_KEY_UNKNOWN: 400,
  BUNDLE_SIGNATURE_INVALID: 400,
  BUNDLE_OLDER: 409,
  BUNDLE_FROM_FUTURE: 400,
  BUNDLE_BASE_DIFFERS: 409,
  BUNDLE_BASE_UNKNOWN: 404,
  BUNDLE_EMPTY: 409,
  ARCHIVE_UNREADABLE: 400,
  INVENTORY_UNKNOWN: 404,
  INVENTORY_PENDING: 409,
  INVENTORY_UNREADABLE: 409,
  INVENTORY_OUTDATED: 409,
  INVENTORY_TOO_LARGE: 409,
  PLATFORM_UNCLEAR: 400,
  SBOM_UNREADABLE: 400,
  VEX_UNREADABLE: 400,
  VEX_UNKNOWN: 404,
  VEX_LIMIT: 409,
  SCANNING_RULES_INVALID: 400,
  SCAN_BY_HAND_OFF: 400,
  SCAN_QUOTA: 429,
  SCANS_WAITING: 429,
  AGGREGATION_TOO_LARGE: 400,
  EXPORT_UNKNOWN: 404,
  EXPORT_ENDED: 409,
  EXPORTS_TOO_MANY: 429,
  FILTER_UNKNOWN: 404,
  FILTER_NAME_TAKEN: 409,
  FILTER_TOO_WIDE: 400,
  FILTERS_TOO_MANY: 409,
  FILTER_TAGS_TOO_MANY: 400,
  INDEX_PENDING: 503,
  LIST_OUTDATED: 409,
  RULES_UNREADABLE: 400,
} as const satisfies Record<ScanningErrorCode, number>

const accessStatuses = {
  ENTITY_UNKNOWN: 404,
  ENTITY_EXISTS: 409,
  ENTITY_IN_USE: 409,
  ENTITY_LIMIT: 409,
  ENTITY_UNMODIFIABLE: 400,
  POLICY_NOT_ATTACHABLE: 400,
  INPUT_INVALID: 400,
  INPUT_CONSTRAINT: 400,
  POLICY_MALFORMED: 400,
  SESSION_DENIED: 403,
  SESSION_TOO_LARGE: 400,
  TAGS_INVALID: 400,
  ID_TOKEN_INVALID: 400,
  ID_TOKEN_EXPIRED: 400,
  ID_PROVIDER_UNREACHABLE: 400,
  ID_CLAIM_REJECTED: 403,
  MESSAGE_UNREADABLE: 400,
} as const satisfies Record<AccessErrorCode, number>
const masterKeyStatuses = {
  MASTER_KEY_ABSENT: 409,
  MASTER_KEY_UNREADABLE: 409,
  MASTER_KEY_UNCHANGED: 409,
  MASTER_KEYS_TOO_MANY: 409,
} as const satisfies Record<MasterKeyErrorCode, number>

const lifecycleStatuses = {
  LIFECYCLE_POLICY_INVALID: 400,
  LIFECYCLE_POLICY_UNKNOWN: 404,
  LIFECYCLE_PREVIEW_UNKNOWN: 404,
  LIFECYCLE_PREVIEW_RUNNING: 409,
  LIFECYCLE_GUARDS_INVALID: 400,
  LIFECYCLE_UNDO_UNKNOWN: 404,
} as const satisfies Record<LifecycleErrorCode, number>

const trustStatuses = {
  TRUST_POLICY_INVALID: 400,
  VERIFIER_BUSY: 503,
  TRUST_REVOCATION_INVALID: 400,
  TRUST_POLICY_UNKNOWN: 404,
  TRUST_POLICY_OVERLAPS: 409,
  TRUST_POLICIES_TOO_MANY: 409,
  TRUST_MATERIAL_INVALID: 400,
  TRUST_MATERIAL_UNKNOWN: 404,
  TRUST_MATERIAL_NAMED: 409,
  TRUST_MATERIAL_TOO_MUCH: 409,
} as const satisfies Record<TrustErrorCode, number>

const admissionStatuses = {
  ADMISSION_POLICY_INVALID: 400,
  ADMISSION_POLICY_UNKNOWN: 404,
  ADMISSION_POLICIES_TOO_MANY: 409,
  ADMISSION_POLICY_NAMED: 409,
  CLUSTER_INVALID: 400,
  CLUSTER_EXISTS: 409,
  CLUSTER_UNKNOWN: 404,
  CLUSTER_REPORT_INVALID: 400,
  CLUSTERS_TOO_MANY: 409,
} as const satisfies Record<AdmissionErrorCode, number>

const signingStatuses = {
  SIGNING_KEY_UNKNOWN: 404,
  SIGNING_KEY_EXISTS: 409,
  SIGNING_KEY_REVOKED: 409,
  SIGNING_TIMESTAMP_UNAVAILABLE: 503,
  SIGNING_KEY_UNUSABLE: 409,
  SIGNING_PROFILE_UNKNOWN: 404,
  SIGNING_RULE_UNKNOWN: 404,
  SIGNING_PROFILE_INACTIVE: 409,
  SIGNING_JOB_UNKNOWN: 404,
  SIGNING_INPUT_INVALID: 400,
  SIGNING_CONFLICT: 409,
  SIGNING_LIMIT: 409,
} as const satisfies Record<SigningErrorCode, number>

const notificationStatuses = {
  SINK_INVALID: 400,
  SINK_EXISTS: 409,
  SINK_UNKNOWN: 404,
  SINK_LIMIT: 409,
  SINK_UNSIGNED: 400,
} as const satisfies Record<NotificationErrorCode, number>

const postureStatuses = {
  POSTURE_RULES_INVALID: 400,
  POSTURE_RULES_UNKNOWN: 404,
  POSTURE_UNKNOWN: 404,
} as const satisfies Record<PostureErrorCode, number>

/** What of the registry can be refused here; its other refusals belong to pushes and pulls. */
const registryStatuses: Partial<Record<RegistryErrorCode, number>> = {
  REPOSITORY_UNKNOWN: 404,
  MANIFEST_UNKNOWN: 404,
  STORAGE_FULL: 507,
}

/** Of rooms whose refusals have nothing of their own to be careful about. */
function spelledByRoom(error: unknown): ControlError | undefined {
  if (isNotificationError(error)) return spelled(error, notificationErrors, notificationStatuses)
  if (isPostureError(error)) return spelled(error, postureErrors, postureStatuses)
  if (isTrustError(error)) return spelled(error, trustErrors, trustStatuses)
  if (isAdmissionError(error)) return spelled(error, admissionErrors, admissionStatuses)
  if (isLifecycleError(error)) return spelled(error, lifecycleErrors, lifecycleStatuses)
  if (isSigningError(error)) return spelled(error, signingErrors, signingStatuses)
  return undefined
}

/** A room's refusal as this API writes it: the sentence, and what to do. */
export function spellControlError(thrown: unknown): ControlError | undefined {
  const error = asRegistryError(thrown)
  if (isScanningError(error)) return spelled(error, scanningErrors, statuses)
  if (isAccessError(error)) {
    const { remedy } = accessErrors[error.code]
    const message = `${error.message.replace(/\.$/, '')}. ${remedy}`
    return { status: accessStatuses[error.code], code: error.code, message }
  }
  if (isMasterKeyError(error)) {
    const { sentence, remedy } = masterKeyErrors[error.code]
    // What is wrong with a file has its path in it.
    const what = error.code === 'MASTER_KEY_UNREADABLE' ? sentence : `${error.message}.`
    return { status: masterKeyStatuses[error.code], code: error.code, message: `${what} ${remedy}` }
  }
  const ofRoom = spelledByRoom(error)
  if (ofRoom !== undefined) return ofRoom
  if (!isRegistryError(error)) return undefined
  const { remedy } = registryErrors[error.code]
  const status = registryStatuses[error.code] ?? 400
  return { status, code: error.code, message: `${error.message}. ${remedy}` }
}

function spelled<Code extends string>(
  { code, message }: { readonly code: Code; readonly message: string },
  errors: Readonly<Record<Code, { readonly remedy: string }>>,
  ofCode: Readonly<Record<Code, number>>,
): ControlError {
  return { status: ofCode[code], code, message: `${message}. ${errors[code].remedy}` }
}
