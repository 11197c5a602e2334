// Roles as IAM's operations change them.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import { policyLimits, policySize } from '../policy/parse-policy.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError, entityUnknown } from './errors.ts'
import { deleteIdentityTags, type Tag } from './identity-tag-store.ts'
import { setTags } from './identity-tags.ts'
import { requireUnused } from './identity-use.ts'
import { requireBoundary } from './require-boundary.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { requirePolicy } from './require-policy.ts'
import { resolvePrincipals } from './resolve-principals.ts'
import {
  countRoles,
  deleteRoleRow,
  findRoleByName,
  insertRole,
  putRoleSettings,
  putRoleTrust,
  type Role,
  type TrustPolicy,
} from './role-store.ts'
import { uniqueId } from './rules/unique-id.ts'

/** AWS's default quota. */
export const maxRoles = 1000
const defaultSessionSeconds = 3600

export interface RoleAddress {
  readonly account: AccountId
  readonly name: string
}

/** The role of that name, or ENTITY_UNKNOWN. */
export async function requireRole(reader: SqlReader, address: RoleAddress): Promise<Role> {
  const role = await findRoleByName(reader, address.account, address.name)
  if (role === undefined) throw entityUnknown('role', address.name)
  return role
}

export async function createRole(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: RoleAddress & {
    readonly path: string
    readonly trustDocument: string
    readonly description: string | undefined
    readonly maxSessionSeconds: number | undefined
    readonly boundaryArn: string | undefined
    readonly tags: readonly Tag[]
  },
): Promise<Role> {
  const { account, name, path, description, boundaryArn, tags } = input
  const id = uniqueId((size) => deps.ids.bytes(size), 'AROA')
  return deps.database.transaction(async (tx) => {
    const trust = await readTrust(tx, input.trustDocument)
    if ((await findRoleByName(tx, account, name)) !== undefined) {
      throw accessError('ENTITY_EXISTS', `Role with name ${name} already exists.`)
    }
    if ((await countRoles(tx, account)) >= maxRoles) {
      throw accessError('ENTITY_LIMIT', `Cannot exceed quota for RolesPerAccount: ${maxRoles}`)
    }
    if (boundaryArn !== undefined) await requireBoundary(tx, account, boundaryArn)
    const role: Role = {
      id,
      account,
      name,
      path,
      description,
      maxSessionSeconds: input.maxSessionSeconds ?? defaultSessionSeconds,
      trust,
      boundaryArn,
      createdAt: deps.clock.now(),
      lastUsedAt: undefined,
      lastUsedRegion: undefined,
    }
    await insertRole(tx, role)
    await setTags(tx, id, tags)
    await bumpPolicyEpoch(tx)
    return role
  })
}

/** What is undefined stays. */
export async function updateRole(
  deps: { readonly database: Database },
  input: RoleAddress & {
    readonly description: string | undefined
    readonly maxSessionSeconds: number | undefined
  },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const role = await requireRole(tx, input)
    await putRoleSettings(tx, role.id, {
      description: input.description ?? role.description,
      maxSessionSeconds: input.maxSessionSeconds ?? role.maxSessionSeconds,
    })
    await bumpPolicyEpoch(tx)
  })
}

export async function updateTrust(
  deps: { readonly database: Database },
  input: RoleAddress & { readonly document: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const role = await requireRole(tx, input)
    await putRoleTrust(tx, role.id, await readTrust(tx, input.document))
    await bumpPolicyEpoch(tx)
  })
}

/** Refused with ENTITY_IN_USE while it has policies. Its sessions open nothing any more. */
export async function deleteRole(
  deps: { readonly database: Database },
  input: RoleAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const role = await requireRole(tx, input)
    await requireUnused(tx, role.id)
    await deleteIdentityTags(tx, role.id)
    await deleteRoleRow(tx, role.id)
    await bumpPolicyEpoch(tx)
  })
}

/** A valid trust policy, with the ids of those whom it names, or POLICY_MALFORMED, or ENTITY_LIMIT for a long one. */
async function readTrust(reader: SqlReader, text: string): Promise<TrustPolicy> {
  if (policySize(text) > policyLimits.trust) {
    const message = `Cannot exceed quota for ACLSizePerRole: ${policyLimits.trust}`
    throw accessError('ENTITY_LIMIT', message)
  }
  const document = requirePolicy(text, 'trust')
  const resolved = await resolvePrincipals(reader, document)
  if (resolved.kind === 'absent') {
    const message = `Invalid principal in policy: "AWS":"${resolved.arn}"`
    throw accessError('POLICY_MALFORMED', message)
  }
  return { document: text, principals: resolved.ids }
}
