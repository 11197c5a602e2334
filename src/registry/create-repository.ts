import type { Clock } from '../lib/clock.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import {
  getRepository,
  hasRepositories,
  insertRepository,
  type Repository,
  type RepositoryAddress,
} from './repository-store.ts'
import { putRepositoryTag, type RepositoryTag } from './repository-tag-store.ts'
import { refuseCollidingKeys } from './tag-repository.ts'
import type { TagMutability } from './rules/tag-mutability.ts'

export interface CreateRepositoryDeps {
  readonly clock: Clock
  /** Whether an account has this id: the first segment of a name must not be one (design, addresses). */
  readonly isAccount: (id: string) => Promise<boolean>
}

export interface NewRepository {
  readonly repository: RepositoryAddress
  readonly tagMutability: TagMutability
  readonly scanOnPush: boolean
  readonly tags: readonly RepositoryTag[]
}

/** Of an account, as at AWS. */
const maxRepositories = 100_000

/** Makes a repository, or refuses with REPOSITORY_EXISTS, REPOSITORY_NAME_RESERVED or QUOTA_EXCEEDED. */
export async function createRepository(
  deps: CreateRepositoryDeps & { readonly database: Database },
  input: NewRepository,
): Promise<Repository> {
  return deps.database.transaction((tx) => insertNewRepository(tx, deps, input))
}

/** The same within a transaction that does more. */
export async function insertNewRepository(
  tx: SqlWriter,
  deps: CreateRepositoryDeps,
  input: NewRepository,
): Promise<Repository> {
  const { repository: address, tagMutability, scanOnPush, tags } = input
  // Within the transaction: an account of this id may be made at the same time.
  const [firstSegment = ''] = address.name.split('/')
  if (await deps.isAccount(firstSegment)) {
    const message = `repository name ${address.name} begins with the id of an account, which addresses that account`
    throw registryError('REPOSITORY_NAME_RESERVED', message, { repository: address.name })
  }
  const createdAt = deps.clock.now()
  if (!(await insertRepository(tx, { ...address, tagMutability, scanOnPush, createdAt }))) {
    throw registryError('REPOSITORY_EXISTS', `repository ${address.name} exists already`, {
      repository: address.name,
      account: address.account,
    })
  }
  if (await hasRepositories(tx, address.account, maxRepositories + 1)) throw tooMany(address)
  const repository = await getRepository(tx, address)
  refuseCollidingKeys(tags.map(({ key }) => key))
  for (const tag of tags) await putRepositoryTag(tx, repository.id, tag)
  return repository
}

function tooMany({ account, name }: RepositoryAddress): Error {
  const message = `account ${account} has ${maxRepositories} repositories, as many as it may have; ${name} was not made`
  const unit = { scope: 'account', name: account, unit: 'repositories' }
  return registryError('QUOTA_EXCEEDED', message, { ...unit, limit: maxRepositories })
}
