import type { PullGuard } from '../../../admission/gate-pull.ts'
import type { UploadDeps } from '../../../registry/upload-lease.ts'
import type { Authorization } from '../../../access/authorize.ts'
import type { Caller } from '../../../access/caller.ts'
import type { SealKeys } from '../../../access/rules/seal.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ids } from '../../../lib/ids.ts'
import { parseRepositoryName } from '../../../oci/repository-name.ts'
import { parseAccountId, type AccountId } from '../../../policy/account-id.ts'
import type { CompiledPolicy } from '../../../policy/compile.ts'
import type { CommitGate, PushWitness } from '../../../registry/gates.ts'
import type { RepositoryAddress } from '../../../registry/repository-store.ts'
import type { ImageContent } from '../../../scanning/image-scan.ts'
import type { Suppressions } from '../../../scanning/suppressions.ts'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Database } from '../../../storage/database/database.ts'
import type { VisibleDeps } from '../../visible-repositories.ts'
import { ecrError, invalidParameter } from './errors.ts'

/** What the operations of this service use, all together; each takes the part it names. */
export interface EcrDeps extends UploadDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  /** Of blobs that no manifest needs. */
  readonly graceMs: number
  readonly region: string
  /** What clients are told: `http://127.0.0.1:5080`. */
  readonly url: () => string
  readonly defaults: 'secure' | 'aws'
  /** What scans read of one repository's images. */
  readonly contentOf: (repositoryId: number) => ImageContent
  /** What VEX documents and rules say of findings. */
  readonly suppressions: Suppressions
  readonly gatePull: PullGuard
  readonly isAccount: (id: string) => Promise<boolean>
  readonly tokenKey: SealKeys
  readonly downloadKey: SealKeys
  readonly pagingKey: SealKeys
  /** Told after something was committed that a job waits for. */
  readonly wake: () => void
  readonly witnessPush: (caller: Caller) => PushWitness
  readonly isAnonymousPullOn: boolean
  readonly prepareRepositories: VisibleDeps['prepareRepositories']
}

export interface EcrCall {
  readonly caller: Caller
  /** Why the list as a whole is not the caller's to see; undefined where the call is allowed. */
  readonly denied: Extract<Authorization, { readonly kind: 'deny' }> | undefined
  readonly may: (action: string, repository: RepositoryAddress) => Promise<boolean>
  /** The same of an ARN, if a repository of it had this policy. */
  readonly mayUnder: (action: string, resource: string, policy: CompiledPolicy) => Promise<boolean>
  /** What is fetched is looked at, and is no pull. */
  readonly inspects: boolean
  /** For what commits a push. */
  readonly stillAllowed: CommitGate
}

/** The account an input names, else the caller's. */
export function accountIn(call: EcrCall, registryId: string | undefined): AccountId {
  if (registryId === undefined) return call.caller.accountId
  const account = parseAccountId(registryId)
  if (account === undefined) throw invalidParameter('registryId', 'must be 12 digits')
  return account
}

/**
 * The caller's own account, also where an input names it. Of what has no resource but `*` nobody can be allowed another account's:
 * the caller's own policies alone would say so.
 */
export function ownRegistry({ caller }: EcrCall, registryId: string | undefined): AccountId {
  const { accountId, principalArn } = caller
  if (registryId === undefined || registryId === accountId) return accountId
  const message = `User: ${principalArn} is not authorized to perform this operation on the registry with id '${registryId}': only principals of its own account are`
  throw ecrError('AccessDeniedException', message)
}

/** The repository an input names. */
export function repositoryIn(
  call: EcrCall,
  input: { readonly registryId?: string; readonly repositoryName: string },
): RepositoryAddress {
  const name = parseRepositoryName(input.repositoryName)
  if (name === undefined) {
    throw invalidParameter('repositoryName', 'must satisfy the grammar of repository names')
  }
  return { account: accountIn(call, input.registryId), name }
}

/** AWS's epoch seconds with a fraction. */
export function epochSeconds(date: Date): number {
  return date.getTime() / 1000
}
