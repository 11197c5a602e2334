import type { GuardRailKey } from '../../access/guard-rail-store.ts'
import { mostOnLevel, type GuardRailPut } from '../../access/put-guard-rail.ts'
import type { StoredGuardRail } from '../../access/policy-snapshot-store.ts'
import { readAll } from '../../lib/read-all.ts'
import { parseAccountId, type AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface GuardRailRooms {
  readonly putGuardRail: (input: {
    readonly account: AccountId
    readonly rail: StoredGuardRail
  }) => Promise<GuardRailPut>
  readonly deleteGuardRail: (input: {
    readonly account: AccountId
    readonly key: GuardRailKey
  }) => Promise<boolean>
  readonly listGuardRails: (account: AccountId) => Promise<readonly StoredGuardRail[]>
}

const path = '/pratique/v1/guard-rails'
/** A document has at most 5,120 characters that count; blanks come on top. */
const maxDocumentBytes = 64 * 1024

/** Of any account, for whoever runs the installation: an account that set its own limits would have none. */
export const guardRailRoutes: readonly ControlRoute<GuardRailRooms>[] = [
  {
    method: 'GET',
    path,
    action: 'pratique:ListGuardRails',
    run: async (rooms, call) => {
      const account = accountIn(call)
      if (account === undefined) return refused(badAccount)
      return { kind: 'json', value: { account, guardRails: await rooms.listGuardRails(account) } }
    },
  },
  { method: 'POST', path, action: 'pratique:PutGuardRail', run: put },
  { method: 'DELETE', path, action: 'pratique:DeleteGuardRail', run: remove },
]

const badAccount = 'account must be 12 digits'

function accountIn({ account, query }: ControlCall): AccountId | undefined {
  const named = query.get('account')
  return named === null ? account : parseAccountId(named)
}

async function put(rooms: GuardRailRooms, call: ControlCall): Promise<ControlReply> {
  const account = accountIn(call)
  if (account === undefined) return refused(badAccount)
  const key = keyIn(call.query)
  if (typeof key === 'string') return refused(key)
  const bytes = await readAll(call.body, maxDocumentBytes)
  if (bytes === undefined) return refused(`the document has more than ${maxDocumentBytes} bytes`)
  const rail = { ...key, document: bytes.toString() }
  const outcome = await rooms.putGuardRail({ account, rail })
  switch (outcome.kind) {
    case 'put':
      return { kind: 'json', value: { account, ...key } }
    case 'no-account':
      return {
        kind: 'refused',
        code: 'ACCOUNT_UNKNOWN',
        message: `there is no account ${account}`,
        status: 404,
      }
    case 'too-many':
      return refused(`a level takes at most ${mostOnLevel} documents of a kind`)
    case 'malformed': {
      const { code, reason, at } = outcome.fault
      const message = `line ${at.line}, column ${at.column}: ${reason} (${code})`
      return { kind: 'refused', code: 'POLICY_MALFORMED', message }
    }
  }
}

async function remove(rooms: GuardRailRooms, call: ControlCall): Promise<ControlReply> {
  const account = accountIn(call)
  if (account === undefined) return refused(badAccount)
  const key = keyIn(call.query)
  if (typeof key === 'string') return refused(key)
  if (await rooms.deleteGuardRail({ account, key }))
    return { kind: 'json', value: { account, ...key } }
  const message = `account ${account} has no guard rail ${key.name} of kind ${key.kind} on level ${key.level}`
  return { kind: 'refused', code: 'GUARD_RAIL_UNKNOWN', message, status: 404 }
}

/** Or what is wrong with it. */
function keyIn(query: URLSearchParams): GuardRailKey | string {
  const kind = query.get('kind')
  if (kind !== 'scp' && kind !== 'rcp') return 'kind must be scp or rcp'
  const level = query.get('level') ?? '0'
  if (!/^[0-9]$/.test(level)) return 'level must be a digit, 0 for the one nearest the root'
  const name = query.get('name') ?? ''
  if (!/^[\w+=,.@-]{1,64}$/.test(name))
    return 'name must be 1 to 64 characters of A-Z a-z 0-9 + = , . @ _ -'
  return { kind, level: Number(level), name }
}
