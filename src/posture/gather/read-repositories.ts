// Repositories of an account and their settings.
import { findLifecyclePolicy } from '../../lifecycle/lifecycle-policy-store.ts'
import { withRest } from '../../lib/rest-after-work.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { presentText } from '../../registry/get-repository-policy.ts'
import { findRepositoryPolicy } from '../../registry/repository-policy-store.ts'
import { listRepositoriesOf, type Repository } from '../../registry/repository-store.ts'
import { listRepositoryTags } from '../../registry/repository-tag-store.ts'
import { filtersOf, modeOf } from '../../registry/rules/tag-mutability.ts'
import { resolveScanning } from '../../scanning/resolve-scanning.ts'
import type { RegistryDefaults } from '../../scanning/rules/scanning-rules.ts'
import type { RepositoryEvidence } from '../rules/evidence.ts'
import type { ImageDeps } from './image-deps.ts'
import { readImages } from './read-images.ts'

export interface RepositoryDeps extends ImageDeps {
  readonly region: string
  readonly defaults: RegistryDefaults
  /** After each repository the event loop is left to others for so many times as long as it took. */
  readonly restTimes: number
}

const pageSize = 100

export async function readRepositories(
  deps: RepositoryDeps,
  { account, now }: { readonly account: AccountId; readonly now: number },
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly RepositoryEvidence[]> {
  const read: RepositoryEvidence[] = []
  let after = ''
  for (;;) {
    const page = await listRepositoriesOf(deps.database, account, { after, limit: pageSize })
    for (const repository of page)
      read.push(await withRest(() => readOne(deps, repository, now), deps.restTimes, { signal }))
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return read
    after = last.name
  }
}

async function readOne(
  deps: RepositoryDeps,
  repository: Repository,
  now: number,
): Promise<RepositoryEvidence> {
  const { database: reader, region, defaults } = deps
  const { account, name, id, tagMutability } = repository
  const { frequency } = await resolveScanning({ reader, defaults }, repository)
  const lifecycle = await findLifecyclePolicy(reader, id)
  const tags = await listRepositoryTags(reader, id)
  const policy = await findRepositoryPolicy(reader, id)
  return {
    name,
    arn: repositoryArn(region, account, name),
    mutability: modeOf(tagMutability),
    exclusions: filtersOf(tagMutability),
    // What is stored is encrypted by the disk, and by no key of a customer.
    customerKey: { kind: 'told', value: undefined },
    scanFrequency: { kind: 'told', value: frequency },
    lifecycle: { kind: 'told', value: lifecycle?.text },
    policy: { kind: 'told', value: policy && (await presentText(reader, policy)) },
    tags: { kind: 'told', value: tags.map(({ key }) => key) },
    images: await readImages(deps, repository, now),
  }
}
