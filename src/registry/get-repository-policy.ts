import { presentNames } from '../access/resolve-principals.ts'
import type { StoredPolicy } from '../access/policy-snapshot-store.ts'
import { renamePrincipals } from '../policy/rename-principals.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { findRepositoryPolicy } from './repository-policy-store.ts'
import { getRepository, type Repository, type RepositoryAddress } from './repository-store.ts'

/** The author's text, with principals as they are called now; REPOSITORY_UNKNOWN, REPOSITORY_POLICY_UNKNOWN. */
export async function getRepositoryPolicy(
  reader: SqlReader,
  address: RepositoryAddress,
): Promise<string> {
  const repository = await getRepository(reader, address)
  const policy = await findRepositoryPolicy(reader, repository.id)
  if (policy === undefined) throw policyUnknown(repository)
  return presentText(reader, policy)
}

export async function presentText(
  reader: SqlReader,
  { document, principals }: StoredPolicy,
): Promise<string> {
  return renamePrincipals(document, await presentNames(reader, principals))
}

export function policyUnknown({ name, account }: Repository): Error {
  const message = `repository ${name} has no policy`
  return registryError('REPOSITORY_POLICY_UNKNOWN', message, { repository: name, account })
}
