// Everybody and every policy of an account in one list, page by page.
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listGroups, type Group } from './group-store.ts'
import { listPolicies, type PolicySummary } from './managed-policies.ts'
import { listRoles, type Role } from './role-store.ts'
import { listUsers, type User } from './user-store.ts'

export type DetailEntry =
  | { readonly kind: 'user'; readonly entity: User }
  | { readonly kind: 'group'; readonly entity: Group }
  | { readonly kind: 'role'; readonly entity: Role }
  | { readonly kind: 'own-policy' | 'aws-policy'; readonly entity: PolicySummary }

export type DetailKind = DetailEntry['kind']

/** In the order of the list. */
export const detailKinds = [
  'user',
  'group',
  'role',
  'own-policy',
  'aws-policy',
] as const satisfies readonly DetailKind[]

interface Part {
  readonly after: string
  readonly limit: number
}

/** Where an entry stands: its kind, then its name. */
export function detailKey({ kind, entity }: DetailEntry): string {
  return `${detailKinds.indexOf(kind)}/${entity.name.toLowerCase()}`
}

/** Up to `limit` entries of these kinds from behind the one whose key is `after`; the empty text is before all. */
export async function listAuthorizationDetails(
  deps: { readonly reader: SqlReader },
  account: AccountId,
  { kinds, after, limit }: Part & { readonly kinds: readonly DetailKind[] },
): Promise<readonly DetailEntry[]> {
  const [, place = '0', name = ''] = /^([0-9])\/(.*)$/.exec(after) ?? []
  const begun = Number(place)
  const entries: DetailEntry[] = []
  for (const [index, kind] of detailKinds.entries()) {
    if (index < begun || !kinds.includes(kind)) continue
    const part = { after: index === begun ? name : '', limit: limit - entries.length }
    if (part.limit > 0) entries.push(...(await listKind(deps.reader, account, kind, part)))
  }
  return entries
}

async function listKind(
  reader: SqlReader,
  account: AccountId,
  kind: DetailKind,
  part: Part,
): Promise<readonly DetailEntry[]> {
  const page = { ...part, pathPrefix: '/' }
  switch (kind) {
    case 'user':
      return (await listUsers(reader, account, page)).map((entity) => ({ kind, entity }))
    case 'group':
      return (await listGroups(reader, account, page)).map((entity) => ({ kind, entity }))
    case 'role':
      return (await listRoles(reader, account, page)).map((entity) => ({ kind, entity }))
    case 'own-policy':
    case 'aws-policy': {
      const scope = kind === 'own-policy' ? 'Local' : 'AWS'
      const policies = await listPolicies({ reader }, { account, scope })
      return policies
        .map((entity) => ({ kind, entity, key: entity.name.toLowerCase() }))
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        .filter(({ key }) => key > part.after)
        .slice(0, part.limit)
    }
  }
}
