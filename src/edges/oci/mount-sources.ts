import type { FastifyRequest } from 'fastify'
import type { Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import { anyRepository, covers, type Limits, type Scope } from '../../access/rules/scope.ts'
import type { Digest } from '../../oci/digest.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { readSetting } from '../../registry/account-setting.ts'
import { listBlobHolders } from '../../registry/linked-blob-store.ts'
import type { RepositoryAddress } from '../../registry/repository-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { addressOf, type AddressDeps } from '../address.ts'
import type { ChallengeDeps } from './challenge.ts'
import { beyondToken } from './refusal.ts'

interface Deps extends AddressDeps, ChallengeDeps {
  readonly region: string
  readonly rooms: { readonly reader: SqlReader }
  readonly authorize: Authorizer
}

/** Whom a mount is done for, and what their token leaves room for. */
interface Asker {
  readonly caller: Caller
  readonly limits: Limits
  /** Of the whole request, for a challenge. */
  readonly scopes: () => readonly Scope[]
}

export interface MountSources {
  /** Whether mounts are on for the account's registry; where not, one is answered as the start of an upload. */
  readonly isOnFor: (account: AccountId) => Promise<boolean>
  /** The repository that a mount names, if the caller may pull from it; no reason is told otherwise. */
  readonly named: (name: string) => Promise<RepositoryAddress | undefined>
  /** Some repositories of the target's account that hold the blob and that the caller may pull from, the target first. */
  readonly anywhere: (
    target: RepositoryAddress,
    digest: Digest,
  ) => Promise<readonly RepositoryAddress[]>
}

/**
 * A token that does not cover a source which its owner may pull from is answered with a challenge: the client then comes
 * with one that does. Without the right there is no challenge, which would come again and again, but an upload.
 */
export function mountSources(deps: Deps, request: FastifyRequest, asker: Asker): MountSources {
  const mayPull = async (source: RepositoryAddress): Promise<boolean> => {
    const resources = [repositoryArn(deps.region, source.account, source.name)]
    const action = 'ecr:GetDownloadUrlForLayer'
    return (await deps.authorize(asker.caller, { action, resources })).kind === 'allow'
  }
  return {
    isOnFor: async (account) =>
      (await readSetting(deps.rooms.reader, account, 'BLOB_MOUNTING')) === 'ENABLED',
    async named(name) {
      const source = await addressOf(deps, request.headers.host, name)
      if (source === undefined || !(await mayPull(source))) return undefined
      const resource = repositoryArn(deps.region, source.account, source.name)
      if (covers(asker.limits, resource, 'pull')) {
        tellSource(request.facts, resource)
        return source
      }
      throw beyondToken(deps, request, asker.scopes())
    },
    async anywhere(target, digest) {
      // Asked before anything is looked up: the answer must not tell a narrow token what is where.
      if (!covers(asker.limits, anyRepository, 'pull')) {
        throw beyondToken(deps, request, asker.scopes())
      }
      const holders = [target, ...(await listBlobHolders(deps.rooms.reader, target, digest))]
      const readable: RepositoryAddress[] = []
      for (const holder of holders) if (await mayPull(holder)) readable.push(holder)
      return readable
    },
  }
}

/** What is read there may be another account's, which finds the record by its repository. */
function tellSource(facts: FastifyRequest['facts'], source: string): void {
  facts.resource = facts.resource === undefined ? source : `${facts.resource} ${source}`
}
