import { parseAccountId, type AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface AccountRooms {
  readonly listAccounts: () => Promise<unknown>
  readonly createAccount: (input: {
    /** One that is free when it is undefined. */
    readonly id: AccountId | undefined
    readonly alias: string | undefined
  }) => Promise<unknown>
  readonly putAlias: (input: {
    readonly id: AccountId
    readonly alias: string | undefined
  }) => Promise<unknown>
  readonly closeAccount: (input: {
    readonly id: AccountId
    readonly ownAccount: AccountId
  }) => Promise<unknown>
  readonly openAccount: (input: { readonly id: AccountId }) => Promise<unknown>
  readonly createRootKey: (input: { readonly id: AccountId }) => Promise<unknown>
}

const path = '/pratique/v1/accounts'

/** Of the whole installation. `account` names the one that is meant. */
export const accountRoutes: readonly ControlRoute<AccountRooms>[] = [
  {
    method: 'GET',
    path,
    action: 'pratique:ListAccounts',
    run: async (rooms) => ({ kind: 'json', value: { accounts: await rooms.listAccounts() } }),
  },
  {
    method: 'POST',
    path,
    action: 'pratique:CreateAccount',
    run: async (rooms, { query }) => {
      const named = query.get('account')
      const id = named === null ? undefined : parseAccountId(named)
      if (named !== null && id === undefined) return refused(badAccount)
      const alias = query.get('alias') ?? undefined
      if (alias !== undefined && !isAlias(alias)) return refused(badAlias)
      return { kind: 'json', value: await rooms.createAccount({ id, alias }) }
    },
  },
  {
    method: 'POST',
    path: `${path}/alias`,
    action: 'pratique:PutAccountAlias',
    run: ofAccount(async (rooms, id, { query }) => {
      const alias = query.get('alias') ?? undefined
      if (alias !== undefined && !isAlias(alias)) return refused(badAlias)
      return { kind: 'json', value: await rooms.putAlias({ id, alias }) }
    }),
  },
  {
    method: 'POST',
    path: `${path}/close`,
    action: 'pratique:CloseAccount',
    run: ofAccount(async (rooms, id, { account: ownAccount }) => ({
      kind: 'json',
      value: await rooms.closeAccount({ id, ownAccount }),
    })),
  },
  {
    method: 'POST',
    path: `${path}/open`,
    action: 'pratique:OpenAccount',
    run: ofAccount(async (rooms, id) => ({ kind: 'json', value: await rooms.openAccount({ id }) })),
  },
  {
    method: 'POST',
    path: `${path}/root-key`,
    action: 'pratique:CreateRootKey',
    run: ofAccount(async (rooms, id) => ({
      kind: 'json',
      value: await rooms.createRootKey({ id }),
    })),
  },
]

const badAccount = 'account must be 12 digits'
const badAlias =
  'alias must be 3 to 63 lower-case letters, digits and single hyphens, beginning and ending with a letter or digit'

function ofAccount(
  run: (rooms: AccountRooms, id: AccountId, call: ControlCall) => Promise<ControlReply>,
): ControlRoute<AccountRooms>['run'] {
  return async (rooms, call) => {
    const id = parseAccountId(call.query.get('account') ?? '')
    return id === undefined ? refused(badAccount) : run(rooms, id, call)
  }
}

/** IAM's grammar of account aliases. */
function isAlias(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/.test(text)
}
