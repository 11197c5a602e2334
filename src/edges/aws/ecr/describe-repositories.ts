import {
  getRepository,
  listRepositories,
  type Repository,
} from '../../../registry/repository-store.ts'
import { accountIn, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { cursorOf, defaultPageSize, nextTokenFor, refusePagingWithIds } from './page.ts'
import { renderRepository } from './repository-shape.ts'

/** By name (one unknown name fails the call), or page by page in order of names. */
export async function describeRepositories(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryNames?: readonly string[]
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { registryId, repositoryNames } = input
  if (repositoryNames !== undefined && repositoryNames.length > 0) {
    refusePagingWithIds('repositoryNames', input)
    const found: Repository[] = []
    for (const repositoryName of new Set(repositoryNames)) {
      const scope = registryId === undefined ? {} : { registryId }
      found.push(
        await getRepository(deps.database, repositoryIn(call, { ...scope, repositoryName })),
      )
    }
    return { repositories: found.map((repository) => renderRepository(deps, repository)) }
  }
  const account = accountIn(call, registryId)
  const page = {
    operation: 'DescribeRepositories',
    inputs: account,
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const limit = input.maxResults ?? defaultPageSize
  const cursor = cursorOf(deps, page)
  const after = typeof cursor === 'string' ? cursor : ''
  const rows = await listRepositories(deps.database, account, { after, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const next = rows.length > limit ? shown.at(-1)?.name : undefined
  return {
    repositories: shown.map((repository) => renderRepository(deps, repository)),
    ...nextTokenFor(deps, page, next),
  }
}
