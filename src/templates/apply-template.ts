import { putReadPolicy } from '../lifecycle/put-policy.ts'
import type { Clock } from '../lib/clock.ts'
import { insertNewRepository } from '../registry/create-repository.ts'
import type { Repository, RepositoryAddress } from '../registry/repository-store.ts'
import { giveFirstPolicy } from '../registry/set-repository-policy.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { Template } from './template-store.ts'

export interface ApplyTemplateDeps {
  readonly clock: Clock
  readonly region: string
  /** What a template does not say. */
  readonly defaults: 'secure' | 'aws'
  readonly isAccount: (id: string) => Promise<boolean>
}

/**
 * Makes a repository as its template says, within the transaction of whatever it is made for: with its tags, its policy and
 * its lifecycle policy, or not at all. Who may have it made is the caller's question, asked before. REPOSITORY_EXISTS,
 * REPOSITORY_NAME_RESERVED, POLICY_MALFORMED.
 */
export async function applyTemplate(
  tx: SqlWriter,
  deps: ApplyTemplateDeps,
  input: {
    readonly repository: RepositoryAddress
    readonly template: Template
    /** ARN of the principal for whom it is made. */
    readonly by: string
  },
): Promise<Repository> {
  const { template, by } = input
  const repository = await insertNewRepository(tx, deps, {
    repository: input.repository,
    tagMutability: template.tagMutability,
    scanOnPush: deps.defaults === 'secure',
    tags: template.resourceTags,
  })
  const { repositoryPolicy, lifecyclePolicy } = template
  if (repositoryPolicy !== undefined) await giveFirstPolicy(tx, deps, repository, repositoryPolicy)
  if (lifecyclePolicy !== undefined) {
    await putReadPolicy(tx, deps, { repositoryId: repository.id, text: lifecyclePolicy, by })
  }
  return repository
}
