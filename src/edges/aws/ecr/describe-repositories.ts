import { parseRepositoryName } from '../../../oci/repository-name.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import {
  findRepository,
  getRepository,
  type Repository,
} from '../../../registry/repository-store.ts'
import { listVisible } from '../../visible-repositories.ts'
import { accountIn, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrAccessDenied } from './errors.ts'
import { cursorOf, defaultPageSize, nextTokenFor, refusePagingWithIds } from './page.ts'
import { renderRepository } from './repository-shape.ts'

/** By name (one unknown name fails the call), or page by page in order of names: of a list only what the caller may describe. */
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
  const { names, hasMore } = await listVisible(
    {
      prepareRepositories: deps.prepareRepositories,
      maySee: (repositoryName) =>
        call.may(
          'ecr:DescribeRepositories',
          repositoryIn(call, { registryId: account, repositoryName }),
        ),
    },
    account,
    { after, limit },
  )
  if (names.length === 0) refuseStranger(call)
  return {
    repositories: await renderAll(deps, account, names),
    ...nextTokenFor(deps, page, hasMore ? names.at(-1) : undefined),
  }
}

/** Who may not see the list as a whole and nothing in it is told no, as on AWS; else they see what is theirs to see. */
function refuseStranger({ denied }: EcrCall): void {
  if (denied !== undefined) throw ecrAccessDenied(denied)
}

/** Those that are still there. */
async function renderAll(
  deps: EcrDeps,
  account: AccountId,
  names: readonly string[],
): Promise<readonly unknown[]> {
  const rendered: unknown[] = []
  for (const text of names) {
    const name = parseRepositoryName(text)
    const found =
      name === undefined ? undefined : await findRepository(deps.database, { account, name })
    if (found !== undefined) rendered.push(renderRepository(deps, found))
  }
  return rendered
}
