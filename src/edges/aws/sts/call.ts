import { accessError } from '../../../access/errors.ts'
import type { SealKeys } from '../../../access/rules/seal.ts'
import type { TemporaryCredentials } from '../../../access/issue-session.ts'
import type { WebIdentityDeps } from '../../../access/assume-role-with-web-identity.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'

/** What the operations of this service use, all together; each takes the part it names. */
export interface StsDeps extends WebIdentityDeps {
  readonly region: string
  /** Opens encoded authorization messages. */
  readonly messageKey: SealKeys
}

export function credentialsShape(credentials: TemporaryCredentials): QueryStructure {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: credentials.expiresAt,
  }
}

/** AWS's words for a code that is wrong: without a device every code is. */
export function refuseMfa(input: {
  readonly SerialNumber?: string
  readonly TokenCode?: string
}): void {
  if (input.SerialNumber === undefined && input.TokenCode === undefined) return
  const message =
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.'
  throw accessError('SESSION_DENIED', message)
}
