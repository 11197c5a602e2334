import { explainAccess } from '../../access/explain-access.ts'
import { listStoredGuardRails } from '../../access/policy-snapshot-store.ts'
import { whatCanAccess } from '../../access/what-can-access.ts'
import { whoCanAccess } from '../../access/who-can-access.ts'
import { deleteGuardRail, putGuardRail } from '../../access/put-guard-rail.ts'
import type { Database } from '../../storage/database/database.ts'
import type { GuardRailRooms } from './guard-rail-routes.ts'
import type { PolicyRooms } from './policy-routes.ts'

/** What these routes ask of the rooms. */
export function policyRooms(
  deps: Omit<Parameters<typeof whoCanAccess>[0], 'reader'> & { readonly database: Database },
): GuardRailRooms & PolicyRooms {
  const { database } = deps
  return {
    putGuardRail: (input) => putGuardRail(database, input),
    deleteGuardRail: (input) => deleteGuardRail(database, input),
    listGuardRails: (account) => listStoredGuardRails(database, account),
    explainAccess: (input) => explainAccess({ ...deps, reader: database }, input),
    whoCanAccess: (input) => whoCanAccess({ ...deps, reader: database }, input),
    whatCanAccess: (input) => whatCanAccess({ ...deps, reader: database }, input),
  }
}
