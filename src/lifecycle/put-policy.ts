import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import {
  getRepository,
  type Repository,
  type RepositoryAddress,
} from '../registry/repository-store.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { lifecycleError } from './errors.ts'
import {
  deleteLifecyclePolicyRow,
  findLifecyclePolicy,
  writeLifecyclePolicy,
  type StoredLifecyclePolicy,
} from './lifecycle-policy-store.ts'
import { readPolicy } from './read-policy.ts'
import type { LifecycleLimits } from './rules/parse-lifecycle.ts'
import { runPolicyJobOf } from './run-job.ts'

/** Puts a policy in force and asks for its run, in one transaction. LIFECYCLE_POLICY_INVALID names every fault's place. */
export async function putPolicy(
  deps: { readonly database: Database; readonly clock: Clock; readonly defaults: LifecycleLimits },
  input: {
    readonly repository: RepositoryAddress
    readonly text: string
    /** ARN. */
    readonly by: string
  },
): Promise<void> {
  readPolicy(input.text, deps.defaults)
  await deps.database.transaction(async (tx) => {
    const { id: repositoryId } = await getRepository(tx, input.repository)
    await putReadPolicy(tx, deps, { repositoryId, text: input.text, by: input.by })
  })
}

/** The same of a text that was read, within a transaction that does more. */
export async function putReadPolicy(
  tx: SqlWriter,
  { clock }: { readonly clock: Clock },
  policy: { readonly repositoryId: number; readonly text: string; readonly by: string },
): Promise<void> {
  const now = clock.now()
  await writeLifecyclePolicy(tx, policy, now)
  await enqueue(tx, runPolicyJobOf(policy.repositoryId, 'policy'), now)
}

/** The policy that was; a run that is under way ends with its next batch. */
export async function deletePolicy(
  { database }: { readonly database: Database },
  repository: RepositoryAddress,
): Promise<StoredLifecyclePolicy> {
  return database.transaction(async (tx) => {
    const found = await getRepository(tx, repository)
    const policy = await requirePolicy(tx, found)
    await deleteLifecyclePolicyRow(tx, found.id)
    return policy
  })
}

/** Or LIFECYCLE_POLICY_UNKNOWN. */
export async function requirePolicy(
  reader: SqlReader,
  repository: Repository,
): Promise<StoredLifecyclePolicy> {
  const policy = await findLifecyclePolicy(reader, repository.id)
  if (policy !== undefined) return policy
  const { name, account } = repository
  throw lifecycleError('LIFECYCLE_POLICY_UNKNOWN', `repository ${name} has no lifecycle policy`, {
    repository: name,
    account,
  })
}
