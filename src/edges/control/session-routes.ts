import type { AccountId } from '../../policy/account-id.ts'
import type { Revocation, RevokedSubject } from '../../access/revoke-sessions.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface SessionRooms {
  readonly revokeSessions: (input: {
    readonly account: AccountId
    readonly subject: RevokedSubject
  }) => Promise<Revocation>
}

export const sessionRoutes: readonly ControlRoute<SessionRooms>[] = [
  {
    method: 'POST',
    path: '/pratique/v1/sessions/revocations',
    action: 'pratique:RevokeSessions',
    isOfAccount: true,
    run: revoke,
  },
]

/** One of `role`, `user` and `session`. */
async function revoke(rooms: SessionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, query } = call
  const given = (['role', 'user', 'session'] as const).flatMap((kind) =>
    query.getAll(kind).map((name) => ({ kind, name })),
  )
  const [subject] = given
  if (subject === undefined || given.length > 1) {
    return refused('say whose sessions end: one of role, user and session')
  }
  const revocation = await rooms.revokeSessions({ account, subject })
  if (revocation.kind === 'revoked') return { kind: 'json', value: revocation }
  const { kind, name } = subject
  const shown = JSON.stringify(name.slice(0, 128))
  return refused(
    kind === 'session'
      ? `${shown} is no session of this account: give its access key id (ASIA…) or the UserId of GetCallerIdentity (AROA…:NAME)`
      : `the account has no ${kind} ${shown}`,
  )
}
