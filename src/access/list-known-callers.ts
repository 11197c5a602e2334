import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { Caller } from './caller.ts'
import { roleCaller, rootCaller, userCaller } from './named-caller.ts'
import { arnOfRole, listRoles } from './role-store.ts'
import { arnOfUser, listUsers } from './user-store.ts'

/** A principal of an account, as it would ask now. */
export interface KnownCaller extends Caller {
  /** Its ARN; of a role the role's, though only sessions of it ask. */
  readonly name: string
  readonly kind: 'root' | 'user' | 'role' | 'session'
}

export interface KnownCallers {
  readonly callers: readonly KnownCaller[]
  /** Where the next part begins; undefined: there is none. */
  readonly next: string | undefined
}

interface Page {
  /** The `next` of the part before; nothing for the first. */
  readonly after: string
  readonly limit: number
}

/** Root, then users, then roles, each by name. */
export async function listKnownCallers(
  reader: SqlReader,
  account: AccountId,
  { after, limit, now }: Page & { readonly now: Date },
): Promise<KnownCallers> {
  const [kind = '', name = ''] = after.split('/')
  // One more tells whether there is more.
  const wanted = limit + 1
  const found: { readonly place: string; readonly caller: KnownCaller }[] = []
  if (kind === '') {
    const arn = `arn:aws:iam::${account}:root`
    found.push({ place: 'root', caller: { ...rootCaller(account), name: arn, kind: 'root' } })
  }
  if (kind !== 'role') {
    const behind = kind === 'user' ? name : ''
    const page = { after: behind, pathPrefix: '/', limit: wanted - found.length }
    for (const user of await listUsers(reader, account, page)) {
      const arn = arnOfUser(user)
      const caller = { ...userCaller(account, user.id, arn), name: arn, kind: 'user' } as const
      found.push({ place: `user/${user.name.toLowerCase()}`, caller })
    }
  }
  const page = { after: kind === 'role' ? name : '', pathPrefix: '/', limit: wanted - found.length }
  const roles = page.limit === 0 ? [] : await listRoles(reader, account, page)
  for (const { id, ...role } of roles) {
    const arn = arnOfRole(role)
    const asked = roleCaller({ account, id, roleArn: arn }, now)
    const caller = { ...asked, name: arn, kind: 'role' } as const
    found.push({ place: `role/${role.name.toLowerCase()}`, caller })
  }
  const shown = found.slice(0, limit)
  return {
    callers: shown.map(({ caller }) => caller),
    next: found.length > limit ? shown.at(-1)?.place : undefined,
  }
}
