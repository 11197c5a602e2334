// The jobs of this room: what each is called and how it is asked for. posture-rooms.ts binds them.
import { housekeepingPriority, type NewJob } from '../jobs/queue.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'

/** Judges one account. */
export const judgePostureJob = 'posture-judge'
/** Asks for the judgements that are due. */
export const schedulePostureJob = 'posture-schedule'

export function judgePostureJobOf(account: AccountId): NewJob {
  return {
    kind: judgePostureJob,
    key: account,
    input: { account },
    priority: housekeepingPriority,
    fairKey: account,
  }
}

/** What such a job was given; written by this program, so another shape is a fault. */
export function accountOfJob(input: unknown): AccountId {
  if (typeof input === 'object' && input !== null && 'account' in input) {
    const account = parseAccountId(String(input.account))
    if (account !== undefined) return account
  }
  throw new Error('a job about a posture does not name its account')
}
