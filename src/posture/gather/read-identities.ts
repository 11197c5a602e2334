// Who there is in an account, with which policies and keys.
import { findAccessKey, listAccessKeys } from '../../access/access-key-store.ts'
import { countOfAccount } from '../../access/account-store.ts'
import { attachedPoliciesOf } from '../../access/attached-policies.ts'
import { listAttachedPolicyArns } from '../../access/attachment-store.ts'
import { arnOfGroup } from '../../access/group-store.ts'
import { listInlinePolicies } from '../../access/inline-policy-store.ts'
import {
  detailKey,
  listAuthorizationDetails,
  type DetailEntry,
} from '../../access/list-authorization-details.ts'
import { getPolicyVersion } from '../../access/managed-policy-versions.ts'
import { presentNames } from '../../access/resolve-principals.ts'
import { arnOfRole } from '../../access/role-store.ts'
import { arnOfUser, type User } from '../../access/user-store.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { renamePrincipals } from '../../policy/rename-principals.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import type { AccessKeyEvidence, PostureEvidence, PrincipalEvidence } from '../rules/evidence.ts'

type IdentityEvidence = Pick<PostureEvidence, 'principals' | 'accessKeys' | 'rootKeys'>

const mostPrincipals = 20_000
const readAtOnce = 100

export async function readIdentities(
  reader: SqlReader,
  account: AccountId,
  { signal }: { readonly signal: AbortSignal },
): Promise<IdentityEvidence> {
  const { rootKeys } = await countOfAccount(reader, account)
  const counted = { kind: 'told', value: rootKeys > 0 } as const
  const texts = await ownPolicyTexts(reader, account)
  const principals: PrincipalEvidence[] = []
  const accessKeys: AccessKeyEvidence[] = []
  for await (const entry of listAll(reader, account, ['user', 'group', 'role'])) {
    signal.throwIfAborted()
    principals.push(...(await principalOf(reader, entry, texts)))
    if (entry.kind === 'user') accessKeys.push(...(await keysOf(reader, entry.entity)))
    if (principals.length > mostPrincipals) {
      const why = `there are more than ${mostPrincipals} identities`
      const unknown = { kind: 'unknown', why } as const
      return { principals: unknown, accessKeys: unknown, rootKeys: counted }
    }
  }
  return {
    principals: { kind: 'told', value: principals },
    accessKeys: { kind: 'told', value: accessKeys },
    rootKeys: counted,
  }
}

async function* listAll(
  reader: SqlReader,
  account: AccountId,
  kinds: readonly DetailEntry['kind'][],
): AsyncGenerator<DetailEntry, void> {
  let after = ''
  for (;;) {
    const page = { kinds, after, limit: readAtOnce }
    const entries = await listAuthorizationDetails({ reader }, account, page)
    yield* entries
    const last = entries.at(-1)
    if (last === undefined || entries.length < readAtOnce) return
    after = detailKey(last)
    await yieldToEventLoop()
  }
}

/** AWS's own policies are known by name; their texts are not looked into, as in an account of AWS. */
async function ownPolicyTexts(
  reader: SqlReader,
  account: AccountId,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for await (const { kind, entity } of listAll(reader, account, ['own-policy']))
    if (kind === 'own-policy') {
      const { arn, defaultVersion: version } = entity
      const { document } = await getPolicyVersion({ reader }, { account, arn, version })
      texts.set(arn, document)
    }
  return texts
}

async function principalOf(
  reader: SqlReader,
  entry: DetailEntry,
  texts: ReadonlyMap<string, string>,
): Promise<readonly PrincipalEvidence[]> {
  switch (entry.kind) {
    case 'user':
    case 'group': {
      const { kind, entity } = entry
      const arn = kind === 'user' ? arnOfUser(entry.entity) : arnOfGroup(entry.entity)
      const policies = await policiesOf(reader, entity.id, texts)
      return [{ kind, name: entity.name, arn, ...policies, trust: undefined }]
    }
    case 'role': {
      const { entity: role } = entry
      const names = await presentNames(reader, role.trust.principals)
      const trust = renamePrincipals(role.trust.document, names)
      const policies = await policiesOf(reader, role.id, texts)
      return [{ kind: 'role', name: role.name, arn: arnOfRole(role), ...policies, trust }]
    }
    case 'own-policy':
    case 'aws-policy':
      return []
  }
}

async function policiesOf(
  reader: SqlReader,
  ownerId: string,
  texts: ReadonlyMap<string, string>,
): Promise<Pick<PrincipalEvidence, 'policies' | 'managed'>> {
  const inline = await listInlinePolicies(reader, ownerId)
  const attached = attachedPoliciesOf(await listAttachedPolicyArns(reader, ownerId))
  const own = attached.flatMap(({ arn, name }) => {
    const text = texts.get(arn)
    return text === undefined ? [] : [{ name, text }]
  })
  return {
    policies: [...inline.map(({ name, document: text }) => ({ name, text })), ...own],
    managed: attached.filter(({ arn }) => !texts.has(arn)).map(({ name }) => name),
  }
}

async function keysOf(reader: SqlReader, user: User): Promise<readonly AccessKeyEvidence[]> {
  const keys: AccessKeyEvidence[] = []
  for (const { id, status, createdAt } of await listAccessKeys(reader, user.id)) {
    const stored = await findAccessKey(reader, id)
    keys.push({
      user: user.name,
      id,
      isActive: status === 'Active',
      createdAt: createdAt.getTime(),
      lastUsedAt: { kind: 'told', value: stored?.lastUse?.at.getTime() },
    })
  }
  return keys
}
