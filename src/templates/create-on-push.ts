import { isDeepStrictEqual } from 'node:util'
import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { isRegistryError } from '../registry/errors.ts'
import type { CommitGate } from '../registry/gates.ts'
import { requireRoomForPush } from '../registry/quotas.ts'
import {
  findRepository,
  type Repository,
  type RepositoryAddress,
} from '../registry/repository-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { applyTemplate, type ApplyTemplateDeps } from './apply-template.ts'
import { findTemplateFor, unusable } from './find-target.ts'
import type { Template } from './template-store.ts'

/**
 * Makes the repository of a push. Undefined when it is not to be made so any more: another push made it, or the template is
 * not the one that was judged by. QUOTA_EXCEEDED where the push would have no room in it, TEMPLATE_UNUSABLE.
 */
export async function createOnPush(
  deps: ApplyTemplateDeps & { readonly database: Database },
  input: {
    readonly repository: RepositoryAddress
    readonly template: Template
    readonly by: string
    readonly gate: CommitGate
  },
): Promise<Repository | undefined> {
  return deps.database.transaction(async (tx) => {
    const { repository: address, template, by } = input
    if ((await findRepository(tx, address)) !== undefined) return undefined
    const present = await findTemplateFor(tx, address, 'CREATE_ON_PUSH')
    if (!isDeepStrictEqual(present, template)) return undefined
    await input.gate(tx)
    const repository = await applyOrRefuse(tx, deps, { repository: address, template, by })
    await requireRoomForPush(tx, repository.id)
    // Pushes that were judged while it was not there are judged by its tags and its policy when they commit.
    await bumpPolicyEpoch(tx)
    return repository
  })
}

async function applyOrRefuse(
  tx: SqlWriter,
  deps: ApplyTemplateDeps,
  input: Parameters<typeof applyTemplate>[2],
): Promise<Repository> {
  try {
    return await applyTemplate(tx, deps, input)
  } catch (error) {
    // Whom its policy names may be gone since it was judged.
    throw isRegistryError(error) && error.code === 'POLICY_MALFORMED'
      ? unusable(input.template, error)
      : error
  }
}
