// What this room asks of whoever verifies signatures: rows that were computed before, never a verification.
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { ProvenanceFacts, SignatureEvidence } from './rules/evidence.ts'

export interface AskedTrust {
  readonly account: AccountId
  readonly repository: RepositoryName
  readonly digest: Digest
  /** Name of the trust policy. */
  readonly policy: string
}

/** `now` in milliseconds. Undefined: nobody can tell. */
export interface TrustReader {
  readonly signature: (asked: AskedTrust, now: number) => Promise<SignatureEvidence | undefined>
  readonly provenance: (
    asked: AskedTrust,
    now: number,
  ) => Promise<readonly ProvenanceFacts[] | undefined>
}
