import type { Authorizer } from '../access/authorize.ts'
import type { AuditLog } from './audit-log.ts'
import { isChange } from './rules/event-kind.ts'

/**
 * The same judgement, but that nothing may be changed while nothing can be recorded: what is allowed is refused then with
 * StorageFullError or StorageFaultError, before it is done. Reads go on.
 */
export function refuseUnrecordable(authorize: Authorizer, log: AuditLog): Authorizer {
  return async (caller, request) => {
    const decision = await authorize(caller, request)
    if (decision.kind === 'allow' && isChange(request.action)) await log.requireWritable()
    return decision
  }
}
