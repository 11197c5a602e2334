import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../access/caller.ts'
import { covers, type Limits, type Scope } from '../../access/rules/scope.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { accountOfHost, type AddressDeps } from '../address.ts'
import type { VisibleDeps } from '../visible-repositories.ts'
import { catalog, type ListReply } from './lists.ts'
import { beyondToken } from './refusal.ts'
import type { AllowingEdge } from './require-allowed.ts'

export interface CatalogEdge
  extends AllowingEdge, AddressDeps, Pick<VisibleDeps, 'prepareRepositories'> {
  readonly region: string
}

/** Any of them lets a caller see that there is such a repository. */
const seeing = ['ecr:DescribeRepositories', 'ecr:BatchGetImage']

/** Docker's catalog: those repositories of the account that the caller may describe or pull from, each judged by itself. */
export async function listCatalog(
  edge: CatalogEdge,
  request: FastifyRequest,
  asker: {
    readonly caller: Caller
    readonly limits: Limits
    readonly scopes: () => readonly Scope[]
  },
  query: URLSearchParams,
): Promise<ListReply> {
  const account = await accountOfHost(edge, request.headers.host)
  const { facts } = request
  const whole = repositoryArn(edge.region, account, '*')
  facts.action = 'ecr:DescribeRepositories'
  facts.resource = whole
  if (!covers(asker.limits, whole, 'catalog')) throw beyondToken(edge, request, asker.scopes())
  const maySee = async (name: string): Promise<boolean> => {
    const resources = [repositoryArn(edge.region, account, name)]
    for (const action of seeing) {
      if ((await edge.ask(asker.caller, { action, resources })).kind === 'allow') return true
    }
    return false
  }
  facts.decision = 'allow'
  const { prepareRepositories } = edge
  return catalog({ prepareRepositories, maySee }, account, query)
}
