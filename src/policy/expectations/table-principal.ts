import { parseAccountId, type AccountId } from '../account-id.ts'
import { principalArnOf, principalTypeOf, type Requester } from '../requester.ts'
import type { TablePrincipal } from './read-table.ts'

/** Who an entry of a table is; undefined for a text that names nobody. A role asks by a session called `test`. */
export function tableRequester({ arn, id }: TablePrincipal): Requester | undefined {
  if (arn === 'anonymous') return { kind: 'anonymous' }
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(arn)) return { kind: 'service', name: arn }
  const match = /^arn:aws:(?:iam|sts)::([0-9]{12}):(?:root|([a-z-]+)\/(.+))$/.exec(arn)
  const [, digits = '', kind = 'root', path = ''] = match ?? []
  const account = parseAccountId(digits)
  if (account === undefined) return undefined
  return readers.get(kind)?.({ account, arn, id, path })
}

interface Named {
  readonly account: AccountId
  readonly arn: string
  readonly id: string | undefined
  /** What follows the kind: `path/name`, `role/session`. */
  readonly path: string
}

const readers: ReadonlyMap<string, (named: Named) => Requester> = new Map([
  ['root', ({ account }: Named): Requester => ({ kind: 'root', account })],
  ['user', ({ account, arn, id = arn }: Named): Requester => ({ kind: 'user', account, id, arn })],
  [
    'role',
    ({ account, arn, id, path }: Named): Requester => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      return sessionOf({ account, id, roleArn: arn, session: `${name}/test` })
    },
  ],
  [
    'assumed-role',
    ({ account, id, path }: Named): Requester => {
      const [name = ''] = path.split('/')
      return sessionOf({
        account,
        id,
        roleArn: `arn:aws:iam::${account}:role/${name}`,
        session: path,
      })
    },
  ],
  [
    'federated-user',
    ({ account, arn, id, path }: Named): Requester => {
      const userArn = `arn:aws:iam::${account}:user/${path}`
      return { kind: 'federated-user', account, sessionArn: arn, userId: id ?? userArn, userArn }
    },
  ],
  ['oidc-provider', ({ arn }: Named): Requester => ({ kind: 'web-identity', providerArn: arn })],
])

function sessionOf(of: {
  readonly account: AccountId
  readonly id: string | undefined
  readonly roleArn: string
  readonly session: string
}): Requester {
  const { account, id, roleArn, session } = of
  const sessionArn = `arn:aws:sts::${account}:assumed-role/${session}`
  return { kind: 'assumed-role', account, roleId: id ?? roleArn, roleArn, sessionArn }
}

/** The condition keys that say who asks, as the registry would give them. */
export function principalKeys(
  requester: Requester,
  { id, tags = {} }: TablePrincipal,
): Readonly<Record<string, string>> {
  const keys: Record<string, string> = {}
  const type = principalTypeOf(requester)
  if (type !== undefined) keys['aws:PrincipalType'] = type
  if ('account' in requester) keys['aws:PrincipalAccount'] = requester.account
  const arn = principalArnOf(requester)
  if (arn !== undefined) keys['aws:PrincipalArn'] = arn
  if (requester.kind === 'user') {
    keys['aws:username'] = requester.arn.slice(requester.arn.lastIndexOf('/') + 1)
  }
  const userId = userIdOf(requester, id)
  if (userId !== undefined) keys['aws:userid'] = userId
  for (const [key, tag] of Object.entries(tags)) keys[`aws:PrincipalTag/${key}`] = tag
  return keys
}

/** Of users and sessions only where the table gives the id. */
function userIdOf(requester: Requester, id: string | undefined): string | undefined {
  if (requester.kind === 'anonymous') return 'anonymous'
  if (requester.kind === 'root') return requester.account
  if (requester.kind !== 'assumed-role') return id
  const session = requester.sessionArn.slice(requester.sessionArn.lastIndexOf('/') + 1)
  return id === undefined ? undefined : `${id}:${session}`
}
