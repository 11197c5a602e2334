// Purpose:  spell refusals as the distribution API does.
// Spec:     OCI distribution-spec, "Error Codes"; Docker's TOOMANYREQUESTS and UNKNOWN for what it does not name.
// Input:    a room's error.
// Deviates: an immutable tag is TAG_INVALID with 400, ECR's own code over the wire, which tools match on;
//           a condition of a push that does not hold is DENIED with 412, which the specification has no code for.
// Unknowns: an error of no room → 500 UNKNOWN without details.
import { asRegistryError, isRegistryError, type RegistryErrorCode } from '../../registry/errors.ts'
import type { OciReply } from './call.ts'

export interface OciError {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Spelling {
  readonly status: number
  readonly code: string
}

const spellings = {
  REPOSITORY_UNKNOWN: { status: 404, code: 'NAME_UNKNOWN' },
  REPOSITORY_EXISTS: { status: 409, code: 'DENIED' },
  REPOSITORY_NOT_EMPTY: { status: 409, code: 'DENIED' },
  REPOSITORY_NAME_RESERVED: { status: 400, code: 'NAME_INVALID' },
  BLOB_UNKNOWN: { status: 404, code: 'BLOB_UNKNOWN' },
  BLOB_REFERENCED: { status: 405, code: 'UNSUPPORTED' },
  BLOB_EXISTS: { status: 409, code: 'DENIED' },
  BLOB_TOO_LARGE: { status: 413, code: 'SIZE_INVALID' },
  UPLOAD_UNKNOWN: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  UPLOAD_BUSY: { status: 416, code: 'BLOB_UPLOAD_INVALID' },
  UPLOAD_OUT_OF_ORDER: { status: 416, code: 'BLOB_UPLOAD_INVALID' },
  UPLOAD_EMPTY: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  UPLOAD_PART_TOO_SMALL: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  UPLOAD_INTERRUPTED: { status: 400, code: 'SIZE_INVALID' },
  UPLOADS_TOO_MANY: { status: 429, code: 'TOOMANYREQUESTS' },
  SIZE_MISMATCH: { status: 400, code: 'SIZE_INVALID' },
  DIGEST_MISMATCH: { status: 400, code: 'DIGEST_INVALID' },
  MANIFEST_INVALID: { status: 400, code: 'MANIFEST_INVALID' },
  MANIFEST_TOO_LARGE: { status: 413, code: 'MANIFEST_INVALID' },
  MANIFEST_UNKNOWN: { status: 404, code: 'MANIFEST_UNKNOWN' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' },
  MANIFEST_CHILD_UNKNOWN: { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' },
  MANIFEST_REFERENCED: { status: 405, code: 'UNSUPPORTED' },
  IMAGE_ARCHIVED: { status: 404, code: 'MANIFEST_UNKNOWN' },
  IMAGE_NOT_ARCHIVABLE: { status: 405, code: 'UNSUPPORTED' },
  IMAGE_EXISTS: { status: 409, code: 'DENIED' },
  TAG_UNKNOWN: { status: 404, code: 'MANIFEST_UNKNOWN' },
  TAG_IMMUTABLE: { status: 400, code: 'TAG_INVALID' },
  PRECONDITION_FAILED: { status: 412, code: 'DENIED' },
  IMAGE_TAGS_TOO_MANY: { status: 414, code: 'MANIFEST_INVALID' },
  TAGS_TOO_MANY: { status: 400, code: 'UNSUPPORTED' },
  TAG_KEYS_COLLIDE: { status: 400, code: 'UNSUPPORTED' },
  POLICY_MALFORMED: { status: 400, code: 'UNSUPPORTED' },
  POLICY_LOCKS_OUT: { status: 400, code: 'UNSUPPORTED' },
  POLICY_IS_PUBLIC: { status: 400, code: 'UNSUPPORTED' },
  REPOSITORY_POLICY_UNKNOWN: { status: 400, code: 'UNSUPPORTED' },
  REGISTRY_POLICY_UNKNOWN: { status: 400, code: 'UNSUPPORTED' },
  ACCOUNT_SETTING_INVALID: { status: 400, code: 'UNSUPPORTED' },
  PULL_EXCLUSION_INVALID: { status: 400, code: 'UNSUPPORTED' },
  PULL_EXCLUSION_EXISTS: { status: 400, code: 'UNSUPPORTED' },
  PULL_EXCLUSION_UNKNOWN: { status: 400, code: 'UNSUPPORTED' },
  PULL_EXCLUSIONS_TOO_MANY: { status: 400, code: 'UNSUPPORTED' },
  QUOTA_EXCEEDED: { status: 403, code: 'DENIED' },
  STORAGE_FULL: { status: 507, code: 'UNKNOWN' },
} as const satisfies Record<RegistryErrorCode, Spelling>

/** A refusal for the client; undefined for a fault that is ours. */
export function spellError(thrown: unknown): OciError | undefined {
  const error = asRegistryError(thrown)
  if (!isRegistryError(error)) return undefined
  if (error.code === 'TAG_IMMUTABLE') return tagImmutable(error.detail)
  const { detail } = error
  // Whole seconds: clients read no dates and no fractions.
  const isForLater = error.code === 'STORAGE_FULL' || error.code === 'UPLOADS_TOO_MANY'
  const headers = isForLater ? { 'retry-after': '60' } : {}
  return { ...spellings[error.code], message: error.message, detail, headers }
}

/** ECR's sentence: build tools recognise the refusal by it. */
function tagImmutable(detail: Readonly<Record<string, unknown>>): OciError {
  const { tag, repository } = detail
  const message = `The image tag '${String(tag)}' already exists in the '${String(repository)}' repository and cannot be overwritten because the repository is immutable. Push another tag.`
  return { ...spellings.TAG_IMMUTABLE, message, detail }
}

/** `{"errors":[…]}`, or nothing for HEAD. */
export function errorReply(error: OciError, isHead: boolean): OciReply {
  const headers = { ...error.headers, 'content-type': 'application/json' }
  if (isHead) return { status: error.status, headers }
  const { code, message, detail } = error
  return {
    status: error.status,
    headers,
    body: JSON.stringify({ errors: [{ code, message, detail }] }),
  }
}
