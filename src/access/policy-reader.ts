import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import type { CompiledPolicy, PolicyName } from '../policy/compile.ts'
import { awsManagedPolicies } from '../policy/managed/aws-policies.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listAttachedPolicyArns } from './attachment-store.ts'
import { listIdentityTags } from './identity-tag-store.ts'
import { listInlinePolicies } from './inline-policy-store.ts'
import {
  findDefaultVersion,
  findRegistryPolicyRow,
  findSetting,
  findStoredRole,
  findStoredUser,
  isActiveAccount,
  listStoredGuardRails,
  type StoredGuardRail,
} from './policy-snapshot-store.ts'
import { tagValues, type TagValues } from './rules/tag-values.ts'
import { compileStored, denyEverything, registryPolicyName } from './stored-policy.ts'

export interface EntityPolicies {
  readonly identity: readonly CompiledPolicy[]
  readonly boundary: readonly CompiledPolicy[] | undefined
  readonly tags: TagValues
  /** By a policy's id, the groups through which it comes; of the policies that the user has not itself. */
  readonly groups: ReadonlyMap<string, readonly string[]>
}

export interface AccountPolicies {
  readonly registry: CompiledPolicy | undefined
  readonly registryScope: 'V1' | 'V2'
  readonly scp: readonly (readonly CompiledPolicy[])[]
  readonly rcp: readonly (readonly CompiledPolicy[])[]
}

export interface EntityKey {
  readonly kind: 'user' | 'role' | 'root'
  readonly id: string
}

/** Reads policies from the database and compiles them; a managed policy that many have, once. */
export class PolicyReader {
  readonly #reader: SqlReader
  readonly #managed = new Map<string, CompiledPolicy>()

  constructor(reader: SqlReader) {
    this.#reader = reader
  }

  /** Who was deleted, or whose account is closed, is denied everything, whatever else grants it. */
  async readEntity(entity: EntityKey): Promise<EntityPolicies> {
    if (entity.kind === 'root') return this.#readRoot(entity.id)
    const find = entity.kind === 'user' ? findStoredUser : findStoredRole
    const found = await find(this.#reader, entity.id)
    if (found === undefined) return gone
    const own = await this.#policiesOf(entity.id, '')
    const ofGroups: { readonly group: string; readonly policy: CompiledPolicy }[] = []
    for (const { id, name: group } of found.groups) {
      const policies = await this.#policiesOf(id, `${group}/`)
      ofGroups.push(...policies.map((policy) => ({ group, policy })))
    }
    const { boundaryArn } = found
    const tags = await listIdentityTags(this.#reader, entity.id)
    return {
      identity: [...own, ...ofGroups.map(({ policy }) => policy)],
      groups: groupsByPolicy(own, ofGroups),
      boundary:
        boundaryArn === undefined ? undefined : [await this.readManaged(boundaryArn, 'boundary')],
      tags: tagValues(tags.map(({ key, value }) => [key, value])),
    }
  }

  async readAccount(account: AccountId): Promise<AccountPolicies> {
    const rails = await listStoredGuardRails(this.#reader, account)
    const policy = await findRegistryPolicyRow(this.#reader, account)
    const scope = await findSetting(this.#reader, account, 'REGISTRY_POLICY_SCOPE')
    return {
      registry:
        policy === undefined
          ? undefined
          : compileStored(policy.document, registryPolicyName, policy.principals, 'registry'),
      registryScope: scope === 'V1' ? 'V1' : 'V2',
      scp: levelsOf(rails, 'scp'),
      rcp: levelsOf(rails, 'rcp'),
    }
  }

  /** By its ARN, as a policy of that type. One that is not there denies everything: it may have held a Deny. */
  async readManaged(
    arn: string,
    type: 'identity' | 'boundary' | 'session',
  ): Promise<CompiledPolicy> {
    const key = `${type} ${arn}`
    const known = this.#managed.get(key)
    if (known !== undefined) return known
    const found = await this.#findManaged(arn)
    const compiled =
      found === undefined
        ? denyEverything({ type, id: arn })
        : compileStored(
            found.document,
            { type, id: arn, version: `v${found.version}` },
            undefined,
            'identity',
          )
    this.#managed.set(key, compiled)
    return compiled
  }

  async #readRoot(id: string): Promise<EntityPolicies> {
    const account = parseAccountId(id)
    const isActive = account !== undefined && (await isActiveAccount(this.#reader, account))
    return isActive ? { ...gone, identity: [] } : gone
  }

  async #policiesOf(ownerId: string, prefix: string): Promise<CompiledPolicy[]> {
    const policies: CompiledPolicy[] = []
    for (const { name, document } of await listInlinePolicies(this.#reader, ownerId)) {
      const named: PolicyName = { type: 'identity', id: `inline:${prefix}${name}` }
      policies.push(compileStored(document, named))
    }
    for (const arn of await listAttachedPolicyArns(this.#reader, ownerId)) {
      policies.push(await this.readManaged(arn, 'identity'))
    }
    return policies
  }

  async #findManaged(
    arn: string,
  ): Promise<{ readonly document: string; readonly version: number } | undefined> {
    const [, digits = '', path = '', name] =
      /^arn:aws:iam::([0-9]{12}):policy(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? []
    const account = parseAccountId(digits)
    if (account === undefined || name === undefined) return awsManagedPolicies.get(arn)
    return findDefaultVersion(this.#reader, { account, path, name })
  }
}

const gone: EntityPolicies = {
  get identity() {
    return [denyEverything({ type: 'identity', id: 'no such principal' })]
  },
  boundary: undefined,
  tags: new Map(),
  groups: new Map(),
}

function groupsByPolicy(
  own: readonly CompiledPolicy[],
  ofGroups: readonly { readonly group: string; readonly policy: CompiledPolicy }[],
): EntityPolicies['groups'] {
  const direct = new Set(own.map(({ name }) => name.id))
  const indirect = ofGroups.filter(({ policy }) => !direct.has(policy.name.id))
  const byPolicy = Map.groupBy(indirect, ({ policy }) => policy.name.id)
  return new Map(
    Array.from(byPolicy, ([id, found]) => [id, found.map(({ group }) => group)] as const),
  )
}

/** From the root down: each level needs an Allow of its own. */
function levelsOf(
  rails: readonly StoredGuardRail[],
  type: 'scp' | 'rcp',
): readonly (readonly CompiledPolicy[])[] {
  const ofType = rails.filter(({ kind }) => kind === type)
  const levels = Map.groupBy(ofType, ({ level }) => level)
  return Array.from(levels.values(), (rows) =>
    rows.map(({ name, document }) => compileStored(document, { type, id: `guard-rail:${name}` })),
  )
}
