import type { AccountId } from '../policy/account-id.ts'
import { parseArn, type ArnParts } from '../policy/arn.ts'
import type { CompiledPolicy, PolicyName } from '../policy/compile.ts'
import type { PolicyKind } from '../policy/document.ts'
import type { Requester } from '../policy/requester.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { Caller, SessionFacts } from './caller.ts'
import { readPolicyEpoch } from './policy-epoch-store.ts'
import {
  PolicyReader,
  type AccountPolicies,
  type EntityKey,
  type EntityPolicies,
} from './policy-reader.ts'
import {
  findStoredProfile,
  findStoredRepository,
  listStoredRepositories,
  type StoredRepository,
} from './policy-snapshot-store.ts'
import { tagValues, type TagValues } from './rules/tag-values.ts'
import { compileStored, repositoryPolicyName } from './stored-policy.ts'

/** Whose policies are asked for: a caller, or whoever somebody wants to know about. */
export type Subject = Pick<Caller, 'requester' | 'session'>

export interface PrincipalPolicies extends EntityPolicies {
  readonly session: readonly CompiledPolicy[] | undefined
  readonly scp: readonly (readonly CompiledPolicy[])[]
}

export interface ResourcePolicies {
  /** Undefined for what belongs to no account: `*`. */
  readonly account: AccountId | undefined
  readonly repository: CompiledPolicy | undefined
  /** Only where it counts for the action: see the account's setting REGISTRY_POLICY_SCOPE. */
  readonly registry: CompiledPolicy | undefined
  readonly rcp: readonly (readonly CompiledPolicy[])[]
  readonly tags: TagValues
}

/** Everything that one decision reads, as it was at one moment. */
export interface Gathered {
  /** Of the moment: see policy-epoch-store.ts. */
  readonly epoch: number
  readonly principal: PrincipalPolicies
  /** One for each resource asked about. */
  readonly resources: readonly ResourcePolicies[]
}

interface RepositoryPolicies {
  readonly policy: CompiledPolicy | undefined
  readonly tags: TagValues
}

/** What is known at one epoch. Dropped whole when the next one is seen. */
interface Kept {
  readonly epoch: number
  readonly reader: PolicyReader
  readonly entities: Map<string, EntityPolicies>
  readonly accounts: Map<string, AccountPolicies>
  readonly repositories: Map<string, RepositoryPolicies>
  readonly sessions: WeakMap<SessionFacts, readonly CompiledPolicy[]>
}

/** Of each kind that is kept; what comes on top starts anew. */
const mostKept = 10_000
const mostAttempts = 16
const noTags: TagValues = new Map()
const noLevels: readonly (readonly CompiledPolicy[])[] = []
const noPolicies: EntityPolicies = {
  identity: [],
  boundary: undefined,
  tags: noTags,
  groups: new Map(),
}
const permissionsName = { type: 'resource', id: 'permissions of the signing profile' } as const
const ofUnknown: RepositoryPolicies = { policy: undefined, tags: noTags }

/** Only these were ever judged by a registry policy of scope V1. */
const scopeV1 = new Set([
  'ecr:replicateimage',
  'ecr:createrepository',
  'ecr:batchimportupstreamimage',
])

/** The epoch grew while something was read. */
class Outdated extends Error {}

/**
 * The policies of principals, repositories and accounts, compiled, for as long as nothing of them changes. A request gets all
 * of its from one moment: what is read anew counts only if the epoch is the same after it.
 */
export class PolicySnapshots {
  readonly #reader: SqlReader
  readonly #region: string
  #kept: Kept

  constructor(deps: { readonly reader: SqlReader; readonly region: string }) {
    this.#reader = deps.reader
    this.#region = deps.region
    this.#kept = this.#emptyAt(-1)
  }

  /** For a decision about each of the resources (ARNs, or `*`). */
  async gather(subject: Subject, action: string, resources: readonly string[]): Promise<Gathered> {
    return this.#atOneMoment(async (kept) => {
      const principal = await this.#principal(kept, subject)
      const found: ResourcePolicies[] = []
      for (const resource of resources) {
        found.push(await this.#resource(kept, action, resource, accountOf(subject.requester)))
      }
      return { epoch: kept.epoch, principal, resources: found }
    })
  }

  /** For the same decision about each of several, who are listed at the same moment. */
  async gatherEach<S extends Subject>(
    list: () => Promise<readonly S[]>,
    action: string,
    resource: string,
  ): Promise<readonly (readonly [subject: S, gathered: Gathered])[]> {
    return this.#atOneMoment(async (kept) => {
      const subjects = await list()
      await this.#requireCurrent(kept)
      const found: (readonly [S, Gathered])[] = []
      for (const subject of subjects) {
        const principal = await this.#principal(kept, subject)
        const own = accountOf(subject.requester)
        const resources = [await this.#resource(kept, action, resource, own)]
        found.push([subject, { epoch: kept.epoch, principal, resources }])
      }
      return found
    })
  }

  /** What a principal brings along, whatever it asks for. */
  async policiesOf(subject: Subject): Promise<PrincipalPolicies> {
    return this.#atOneMoment((kept) => this.#principal(kept, subject))
  }

  /** Reads a page of repositories at once, so that to judge each of them needs no statement more; returns their names. */
  async prepare(
    account: AccountId,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    return this.#atOneMoment(async (kept) => {
      const listed = await listStoredRepositories(this.#reader, account, page)
      await this.#requireCurrent(kept)
      for (const one of listed) {
        keep(kept.repositories, `${account}/${one.name}`, compileRepository(one))
      }
      return listed.map(({ name }) => name)
    })
  }

  async #atOneMoment<T>(work: (kept: Kept) => Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const epoch = await readPolicyEpoch(this.#reader)
      if (epoch !== this.#kept.epoch) this.#kept = this.#emptyAt(epoch)
      try {
        return await work(this.#kept)
      } catch (error) {
        if (!(error instanceof Outdated)) throw error
      }
    }
    throw new Error('policies changed faster than they could be read')
  }

  #emptyAt(epoch: number): Kept {
    return {
      epoch,
      reader: new PolicyReader(this.#reader),
      entities: new Map(),
      accounts: new Map(),
      repositories: new Map(),
      sessions: new WeakMap(),
    }
  }

  async #requireCurrent(kept: Kept): Promise<void> {
    if ((await readPolicyEpoch(this.#reader)) !== kept.epoch) throw new Outdated()
  }

  async #known<T>(
    kept: Kept,
    map: Map<string, T>,
    key: string,
    read: () => Promise<T>,
  ): Promise<T> {
    const known = map.get(key)
    if (known !== undefined) return known
    const found = await read()
    await this.#requireCurrent(kept)
    keep(map, key, found)
    return found
  }

  async #principal(kept: Kept, { requester, session }: Subject): Promise<PrincipalPolicies> {
    const entity = entityOf(requester)
    const account = accountOf(requester)
    // The commonest case needs no promise: everything is known.
    const policies =
      entity === undefined
        ? noPolicies
        : (kept.entities.get(entity.id) ??
          (await this.#known(kept, kept.entities, entity.id, () => kept.reader.readEntity(entity))))
    const { scp } = account === undefined ? { scp: noLevels } : await this.#account(kept, account)
    return { ...policies, session: await this.#session(kept, requester, session), scp }
  }

  async #session(
    kept: Kept,
    requester: Requester,
    session: SessionFacts | undefined,
  ): Promise<readonly CompiledPolicy[] | undefined> {
    // A federated user has what its session's policies allow, and without them nothing.
    if (session === undefined) return requester.kind === 'federated-user' ? [] : undefined
    const { policies, policyArns } = session
    if (policies.length + policyArns.length === 0) {
      return requester.kind === 'federated-user' ? [] : undefined
    }
    const known = kept.sessions.get(session)
    if (known !== undefined) return known
    const compiled = policies.map((document) =>
      compileStored(document, { type: 'session', id: 'session policy' }),
    )
    for (const arn of policyArns) compiled.push(await kept.reader.readManaged(arn, 'session'))
    await this.#requireCurrent(kept)
    kept.sessions.set(session, compiled)
    return compiled
  }

  async #account(kept: Kept, account: AccountId): Promise<AccountPolicies> {
    return (
      kept.accounts.get(account) ??
      this.#known(kept, kept.accounts, account, () => kept.reader.readAccount(account))
    )
  }

  async #resource(
    kept: Kept,
    action: string,
    resource: string,
    own: AccountId | undefined,
  ): Promise<ResourcePolicies> {
    // Everybody's, so each one's own to read.
    if (resource.startsWith('arn:aws:iam::aws:')) return { account: own, ...nothing }
    const arn = parseArn(resource)
    const account = arn?.account
    if (arn === undefined || account === undefined) return { account: undefined, ...nothing }
    const { registry, registryScope, rcp } = await this.#account(kept, account)
    if (arn.service === 'signer')
      return { account, ...nothing, rcp, ...(await this.#profile(kept, { ...arn, account })) }
    if (arn.service !== 'ecr') return { account, ...nothing, rcp }
    const counts = registryScope === 'V2' || scopeV1.has(action.toLowerCase())
    const [, name] = /^repository\/(.+)$/.exec(arn.resource) ?? []
    const isHere = name !== undefined && arn.region === this.#region
    const repository = isHere ? await this.#repository(kept, account, name) : ofUnknown
    return {
      account,
      repository: repository.policy,
      registry: counts ? registry : undefined,
      rcp,
      tags: repository.tags,
    }
  }

  /** A signing profile is closed to other accounts but for its permissions, as a repository is but for its policy. */
  async #profile(
    kept: Kept,
    {
      region,
      account,
      resource,
    }: Pick<ArnParts, 'region' | 'resource'> & { readonly account: AccountId },
  ): Promise<Pick<ResourcePolicies, 'repository' | 'tags'>> {
    const [, name] = /^\/signing-profiles\/(\w{2,64})$/.exec(resource) ?? []
    if (name === undefined || region !== this.#region)
      return { repository: undefined, tags: noTags }
    const { policy, tags } = await this.#known(
      kept,
      kept.repositories,
      `signer:${account}/${name}`,
      async () => {
        const stored = await findStoredProfile(this.#reader, account, name)
        return stored === undefined
          ? ofUnknown
          : compileRepository(stored, permissionsName, 'profile')
      },
    )
    return { repository: policy, tags }
  }

  /** One that is not there is not kept: no epoch tells when it is made. */
  async #repository(kept: Kept, account: AccountId, name: string): Promise<RepositoryPolicies> {
    const key = `${account}/${name}`
    const known = kept.repositories.get(key)
    if (known !== undefined) return known
    const stored = await findStoredRepository(this.#reader, account, name)
    await this.#requireCurrent(kept)
    if (stored === undefined) return ofUnknown
    const compiled = compileRepository(stored)
    keep(kept.repositories, key, compiled)
    return compiled
  }
}

const nothing = { repository: undefined, registry: undefined, rcp: noLevels, tags: noTags }

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= mostKept) map.clear()
  map.set(key, value)
}

function compileRepository(
  { policy, tags }: StoredRepository,
  name: PolicyName = repositoryPolicyName,
  kind?: PolicyKind,
): RepositoryPolicies {
  return {
    policy:
      policy === undefined
        ? undefined
        : compileStored(policy.document, name, policy.principals, kind),
    tags: tagValues(tags),
  }
}

/** Whose rows hold the identity policies. */
function entityOf(requester: Requester): EntityKey | undefined {
  switch (requester.kind) {
    case 'root':
      return { kind: 'root', id: requester.account }
    case 'user':
      return { kind: 'user', id: requester.id }
    case 'federated-user':
      return { kind: 'user', id: requester.userId }
    case 'assumed-role':
      return { kind: 'role', id: requester.roleId }
    case 'web-identity':
    case 'service':
    case 'anonymous':
      return undefined
  }
}

function accountOf(requester: Requester): AccountId | undefined {
  return 'account' in requester ? requester.account : undefined
}
