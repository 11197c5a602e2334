import type { Database } from '../storage/database/database.ts'
import {
  getRepository,
  updateScanOnPush,
  updateTagMutability,
  type Repository,
  type RepositoryAddress,
} from './repository-store.ts'
import type { TagMutability } from './rules/tag-mutability.ts'

/** From now on; tags that exist stay as they are. */
export async function configureTagMutability(
  database: Database,
  input: { readonly repository: RepositoryAddress; readonly tagMutability: TagMutability },
): Promise<Repository> {
  return database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    await updateTagMutability(tx, repository.id, input.tagMutability)
    return { ...repository, tagMutability: input.tagMutability }
  })
}

/** Whether pushes are scanned from now on. */
export async function configureScanOnPush(
  database: Database,
  input: { readonly repository: RepositoryAddress; readonly scanOnPush: boolean },
): Promise<Repository> {
  return database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    await updateScanOnPush(tx, repository.id, input.scanOnPush)
    return { ...repository, scanOnPush: input.scanOnPush }
  })
}
