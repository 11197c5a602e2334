// How the registry is set up and used, as the server itself judges it.
import { readAll } from '../../lib/read-all.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface PostureRooms {
  readonly describePosture: (account: AccountId) => Promise<unknown>
  readonly listPostureHistory: (input: {
    readonly account: AccountId
    readonly limit: number
  }) => Promise<readonly unknown[]>
  /** Asks for a judgement, which comes within moments. */
  readonly requestJudgement: (account: AccountId) => Promise<void>
  readonly showPostureRules: (account: AccountId) => Promise<unknown>
  readonly putPostureRules: (input: {
    readonly account: AccountId
    readonly text: string
    readonly by: string
  }) => Promise<unknown>
  readonly deletePostureRules: (account: AccountId) => Promise<void>
}

const base = '/pratique/v1/posture'
/** A rules file has 256 KiB at most. */
const maxRulesBytes = 256 * 1024
const historyLimit = 100
const mostEntries = 1000

export const postureRoutes: readonly ControlRoute<PostureRooms>[] = [
  {
    method: 'GET',
    path: base,
    action: 'pratique:GetPosture',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: await rooms.describePosture(account),
    }),
  },
  {
    method: 'GET',
    path: `${base}/history`,
    action: 'pratique:ListPostureHistory',
    isOfAccount: true,
    run: history,
  },
  {
    method: 'POST',
    path: `${base}/judgements`,
    action: 'pratique:JudgePosture',
    isOfAccount: true,
    run: async (rooms, { account }) => {
      await rooms.requestJudgement(account)
      return { kind: 'json', value: { account } }
    },
  },
  {
    method: 'GET',
    path: `${base}/rules`,
    action: 'pratique:GetPostureRules',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: await rooms.showPostureRules(account),
    }),
  },
  {
    method: 'POST',
    path: `${base}/rules`,
    action: 'pratique:PutPostureRules',
    isOfAccount: true,
    run: putRules,
  },
  {
    method: 'DELETE',
    path: `${base}/rules`,
    action: 'pratique:DeletePostureRules',
    isOfAccount: true,
    run: async (rooms, { account }) => {
      await rooms.deletePostureRules(account)
      return { kind: 'json', value: { account } }
    },
  },
]

async function history(
  rooms: PostureRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const limit = Number(query.get('limit') ?? historyLimit)
  if (!Number.isInteger(limit) || limit < 1 || limit > mostEntries)
    return refused(`limit must be a whole number from 1 to ${mostEntries}`)
  const entries = await rooms.listPostureHistory({ account, limit })
  return { kind: 'json', value: { account, history: entries } }
}

async function putRules(
  rooms: PostureRooms,
  { account, principal: by, body }: ControlCall,
): Promise<ControlReply> {
  const bytes = await readAll(body, maxRulesBytes)
  if (bytes === undefined) return refused(`a rules file has at most ${maxRulesBytes} bytes`)
  const value = await rooms.putPostureRules({ account, text: bytes.toString('utf8'), by })
  return { kind: 'json', value, audited: value }
}
