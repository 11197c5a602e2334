import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import type { Database } from '../storage/database/database.ts'
import { policyUnknown, presentText } from './get-repository-policy.ts'
import { deleteRepositoryPolicyRow, findRepositoryPolicy } from './repository-policy-store.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'

/** The text that was there; REPOSITORY_UNKNOWN, REPOSITORY_POLICY_UNKNOWN. */
export async function deleteRepositoryPolicy(
  database: Database,
  address: RepositoryAddress,
): Promise<string> {
  return database.transaction(async (tx) => {
    const repository = await getRepository(tx, address)
    const policy = await findRepositoryPolicy(tx, repository.id)
    if (policy === undefined) throw policyUnknown(repository)
    const text = await presentText(tx, policy)
    await deleteRepositoryPolicyRow(tx, repository.id)
    await bumpPolicyEpoch(tx)
    return text
  })
}
